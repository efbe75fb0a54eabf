SELECT /* ; */ 1;
SELECT /* it's; "open */ 2;
/* a; */ SELECT 3 /* b; */ ; /* c; */
SELECT 4 /*/ ; */;
SELECT 5 /**/;
SELECT 6 /***/;
SELECT 7 /* -- */ , 8 /* # */;
SELECT 9 /*
;
' */ ;
SELECT 1 */* x; */ 2;
