SELECT ';', ";", 'a;b' AS `c;d`;
SELECT 'it''s; here', "say ""hi;""" ;
SELECT 'one
two;
three', 'a' ';' 'b';
SELECT '', "", '''', """", ''';';
SELECT '-- no comment; ', '# none; ', '/* none; ';
