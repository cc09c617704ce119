"""Self-reports that were given elsewhere: exports of Google Forms, REDCap, Qualtrics, LimeSurvey.

mapping     MAP.toml: which column holds which answer; maps/ has one of each system to start from
rows        the export as rows of cells
people      one participant's rows
cells       cells as the fields of the form, and so answers
importing   from rows to report.json, through the form's own path
command     `collector import-reports`
"""
