"""What a report shows: each figure for the page (Plotly), for paper (SVG) and for a workbook (native charts)."""
