CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ let a = "it's;"; return 1; $$;
CREATE FUNCTION g() RETURNS INT LANGUAGE JAVASCRIPT AS $body$
  let a = '$$;'; // no comment; here
  return 1;
$body$;
SELECT $a;
SELECT a$$;
SELECT 1$$;
SELECT 2 AS b$$;
DELIMITER //
SELECT $$ // $$//
DELIMITER $$
SELECT $a$ ;$$ $a$ $$ SELECT 3$$
