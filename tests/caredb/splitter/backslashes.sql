SELECT 'it\'s; \\';
SELECT "a\";b", '\\', ';';
SELECT '\n;', '\;';
SELECT '\\\'; ', 1;
