use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{fails, plain, reads};
use crate::import::source::Source;

const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook of sheets: name, and what is between `<worksheet>` and its end.
fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    let list: String =
        sheets.iter().enumerate().map(|(n, (name, _))| format!("<sheet name=\"{name}\" r:id=\"r{n}\"/>")).collect();
    let relations: String = (0..sheets.len())
        .map(|n| format!("<Relationship Id=\"r{n}\" Type=\"{KINDS}/worksheet\" Target=\"worksheets/{n}.xml\"/>"))
        .collect();
    let mut parts = vec![
        (
            "_rels/.rels".to_owned(),
            format!("<Relationships><Relationship Id=\"x\" Type=\"{KINDS}/officeDocument\" Target=\"/xl/workbook.xml\"/></Relationships>"),
        ),
        ("xl/workbook.xml".to_owned(), format!("<workbook xmlns:r=\"{KINDS}\"><sheets>{list}</sheets></workbook>")),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(
                "<Relationships>{relations}<Relationship Id=\"s\" Type=\"{KINDS}/sharedStrings\" Target=\"s.xml\"/>\
                 <Relationship Id=\"t\" Type=\"{KINDS}/styles\" Target=\"t.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/s.xml".to_owned(),
            "<sst><si><t>id</t></si><si><r><t>na</t></r><r><t xml:space=\"preserve\">me </t></r><rPh><t>x</t></rPh></si>\
             <si><t>A&amp;B_x000D_&#10;</t></si><si><t>1E5</t></si><si/></sst>"
                .to_owned(),
        ),
        (
            "xl/t.xml".to_owned(),
            "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy-mm-dd hh:mm\"/></numFmts>\
             <cellStyleXfs><xf numFmtId=\"22\"/></cellStyleXfs>\
             <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"
                .to_owned(),
        ),
    ];
    for (n, (_, sheet)) in sheets.iter().enumerate() {
        parts.push((format!("xl/worksheets/{n}.xml"), format!("<worksheet>{sheet}</worksheet>")));
    }
    pack(&parts)
}

fn pack(parts: &[(String, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A sheet of these rows' cells under the header `id`, `name `.
fn sheet(rows: &str) -> Vec<u8> {
    let header = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>";
    workbook(&[("patients", &format!("<sheetData>{header}{rows}</sheetData>"))])
}

#[test]
fn cells_become_texts() {
    for (cells, expected) in [
        ("<c r=\"A2\"><v>5</v></c><c r=\"B2\" t=\"s\"><v>2</v></c>", "1:2 5|A&B\r\n"),
        ("<c r=\"A2\" t=\"s\"><v>3</v></c><c r=\"B2\" t=\"s\"><v>4</v></c>", "1:2 1E5|-"),
        ("<c><v>1.23456789012E+11</v></c><c t=\"inlineStr\"><is><t>x</t></is></c>", "1:2 123456789012|x"),
        (
            "<c r=\"A2\" s=\"1\"><v>45292</v></c><c r=\"B2\" s=\"2\"><v>45292.5</v></c>",
            "1:2 2024-01-01|2024-01-01 12:00:00",
        ),
        ("<c r=\"A2\" t=\"b\"><v>1</v></c><c r=\"B2\"><v>0.10000000000000001</v></c>", "1:2 true|0.1"),
        ("<c r=\"A2\" t=\"d\"><v>2024-01-01T10:00:00</v></c>", "1:2 2024-01-01 10:00:00|-"),
        ("<c r=\"A2\"/><c r=\"B2\" s=\"1\"/><c r=\"C2\" s=\"1\"/><c r=\"B2\"><v>7</v></c>", "1:2 -|7"),
        ("<c r=\"A2\"><f>1+1</f><v>2</v></c><c r=\"B2\" t=\"str\"><f>\"\"</f><v></v></c>", "1:2 2|-"),
        ("<c r=\"A2\"><f>1+1</f></c><c r=\"B2\"><f>2</f><v/></c>", "1:2 -|- !bad-cell@0 !bad-cell@1"),
        ("<c r=\"A2\" t=\"e\"><v>#N/A</v></c>", "1:2 -|- !bad-cell@0"),
        ("<c r=\"A2\"><v>1234567890123456</v></c>", "1:2 -|- !bad-cell@0"),
        ("<c r=\"A2\" t=\"s\"><v>9</v></c><c r=\"B2\" t=\"zz\"><v>9</v></c>", "1:2 -|- !bad-cell@0 !bad-cell@1"),
        ("<c r=\"A2\" t=\"s\"><v>-1</v></c><c r=\"A2\"><v>1</v></c>", "1:2 1|- !bad-cell@0"),
        ("<c r=\"A2\"><v>1</v></c><c r=\"A2\"><v>2</v></c>", "1:2 2|- !bad-cell@0"),
        ("<c r=\"A2\"><v>1</v></c><c r=\"E2\"><v>2</v></c>", "1:2 1|- !ragged-row"),
        ("<c r=\"A2\" t=\"inlineStr\"><is><t>_x0000_</t></is></c>", "1:2 \0|- !nul-byte@0"),
    ] {
        reads("a.xlsx", sheet(&format!("<row r=\"2\">{cells}</row>")), &plain(), &["id|name ", expected]);
    }
    let gap = "<row r=\"2\"/><row r=\"5\"><c r=\"A5\" s=\"1\"/></row><row r=\"9\"><c r=\"A9\"><v>1</v></c></row>";
    reads("a.xlsx", sheet(gap), &plain(), &["id|name ", "1:9 1|-"]);
    let (gap, two) = (sheet(gap), vec!["a".to_owned(), "b".to_owned()]);
    reads("a.xlsx", &gap, &Source { header: false, columns: two, skip_lines: 1, ..plain() }, &["a|b", "1:9 1|-"]);
    reads("a.xlsx", &gap, &Source { skip_lines: 4, trim: true, ..plain() }, &["1"]);
}

#[test]
fn sheets_are_named_where_there_are_several() {
    let cell = |text: &str| format!("<sheetData><row><c t=\"inlineStr\"><is><t>{text}</t></is></c></row></sheetData>");
    let two = workbook(&[("first", &cell("a")), ("second", &cell("b"))]);
    let named = |sheet: &str| Source { sheet: Some(sheet.to_owned()), ..plain() };
    reads("a.xlsx", &two, &named("second"), &["b"]);
    let several = "`a.xlsx`: the workbook has several sheets: `first`, `second`; name one by `sheet`";
    fails("a.xlsx", &two, &plain(), "no-such-sheet", several);
    let none = "`a.xlsx`: the workbook has no sheet `third`; it has `first`, `second`";
    fails("a.xlsx", &two, &named("third"), "no-such-sheet", none);
    let empty = "`a.xlsx`: there is no header row; add one, or say `header = false` and `columns`";
    fails("a.xlsx", workbook(&[("x", "<sheetData/>")]), &plain(), "no-header", empty);
    fails("a.xlsx", workbook(&[]), &plain(), "no-such-sheet", "`a.xlsx`: the workbook has no worksheet; save it again");
}

#[test]
fn workbooks_that_cant_be_read() {
    let merged = "<sheetData/><mergeCells count=\"1\"><mergeCell ref=\"A1:B2\"/></mergeCells>";
    let message = "`a.xlsx`: the sheet has merged cells at `A1:B2`, so it is not known which rows their value is of; unmerge them";
    fails("a.xlsx", workbook(&[("x", merged)]), &plain(), "merged-cells", message);
    let no_zip = "`a.xlsx`: the file is no XLSX workbook, is damaged or encrypted; save it as XLSX without a password";
    fails("a.xlsx", "a,b\n1,2\n", &plain(), "bad-xlsx", no_zip);
    let good = sheet("");
    fails("a.xlsx", &good[..good.len() / 2], &plain(), "bad-xlsx", no_zip);
    fails("a.xlsx", "", &plain(), "empty-file", "`a.xlsx`: the file is empty; export it again");
    let other = "`a.xlsx`: its part `xl/workbook.xml` is missing, so it is no XLSX workbook; save it as XLSX";
    fails("a.xlsx", pack(&[("a".into(), "b".into())]), &plain(), "bad-xlsx", other);
    let malformed = "`a.xlsx`: its part `xl/worksheets/0.xml` is malformed; save the workbook again";
    for rows in [
        "<row",
        "<row></c>",
        "<sheetData>",
        "<sheetData><row r=\"2\"/><row r=\"2\"/></sheetData>",
        "<sheetData><row r=\"99999999999999999999\"/></sheetData>",
        "<sheetData><row><c r=\"ZZZZ1\"/></row></sheetData>",
        "<sheetData><row><c r=\"1\"/></row></sheetData>",
        "<sheetData><row><c><v>&evil;</v></c></row></sheetData>",
        "<sheetData><row><c t=s><v>0</v></c></row></sheetData>",
        "<sheetData><row><c><row/></c></row></sheetData>",
        "<sheetData><row><row/></row></sheetData>",
        "<sheetData><c/></sheetData>",
    ] {
        fails("a.xlsx", workbook(&[("x", rows)]), &plain(), "bad-xlsx", malformed);
    }
    let header = "`a.xlsx` line 1: the header has `bad-cell` in column 1: the cell shows an error, such as `#N/A`; correct its \
                  formula";
    let error = "<sheetData><row><c t=\"e\"><v>#REF!</v></c></row></sheetData>";
    fails("a.xlsx", workbook(&[("x", error)]), &plain(), "bad-header", header);
}

/// 300 MiB in a file of some 300 KiB.
#[test]
fn a_workbook_that_grows_when_unpacked_is_refused() {
    let mut zip = ZipWriter::new_append(Cursor::new(workbook(&[("x", "<sheetData/>")]))).unwrap();
    zip.start_file("xl/worksheets/big.xml", SimpleFileOptions::default().compression_level(Some(1))).unwrap();
    let blanks = vec![b' '; 1 << 20];
    (0..257).for_each(|_| zip.write_all(&blanks).unwrap());
    let bytes = zip.finish().unwrap().into_inner();
    // nobody asks for that part
    let header = "`a.xlsx`: there is no header row; add one, or say `header = false` and `columns`";
    fails("a.xlsx", &bytes, &plain(), "no-header", header);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("xl/workbook.xml", SimpleFileOptions::default().compression_level(Some(1))).unwrap();
    (0..257).for_each(|_| zip.write_all(&blanks).unwrap());
    let bomb = zip.finish().unwrap().into_inner();
    assert!(bomb.len() < 4 << 20);
    let message = "`a.xlsx`: the workbook is larger than 256 MiB, unpacked; export it as CSV";
    fails("a.xlsx", &bomb, &plain(), "too-large", message);
}
