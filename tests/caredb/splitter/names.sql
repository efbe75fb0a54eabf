SELECT `a;b`, `c``;d`, `e'f`, `g"h;`, `-- i`, `/* j` FROM `k;l`;
SELECT 1;
