"""Tables and pictures: HTML, LaTeX and plots."""
