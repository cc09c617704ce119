"""The operator's pages: one Streamlit script and a module a page."""
