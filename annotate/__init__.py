"""From a recording to Action Units and intervals of peak intensity."""
