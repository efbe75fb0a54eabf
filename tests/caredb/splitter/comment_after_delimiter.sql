SELECT 1; -- one; 'two
SELECT 2; # three; "four
SELECT 3; /* five; ' */
SELECT 4; /* six
; seven */ SELECT 5;
