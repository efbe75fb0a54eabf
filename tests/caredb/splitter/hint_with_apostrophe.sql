SELECT /*+ it's; */ 1;
SELECT 2;
