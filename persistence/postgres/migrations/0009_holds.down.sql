DROP TABLE hold_lines;
DROP TABLE holds;
