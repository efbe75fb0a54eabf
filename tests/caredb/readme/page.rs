//! README.md as blocks of code, and `console` blocks as steps.

use std::ops::Range;

/// A block between fences.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of its first line behind the fence, from 1.
    pub line: usize,
    /// What stands behind the fence.
    pub language: String,
    pub lines: Vec<String>,
}

/// A command of a `console` block, and what is shown of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of its line, from 1.
    pub line: usize,
    pub command: String,
    pub shown: Vec<String>,
    /// The numbers of the lines of `shown`, from 1.
    pub shown_at: Range<usize>,
}

/// All blocks, in order. A fence that is not at the beginning of its line would hide one, and is refused.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        let number = index + 1;
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { line: number + 1, language: language.to_owned(), lines: Vec::new() });
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), None) => block.lines.push(line.to_owned()),
            (None, None) if !line.contains("```") && !line.contains("~~~") => {}
            _ => panic!("line {number}: a fence stands at the beginning of a line of its own: {line}"),
        }
    }
    assert!(open.is_none(), "the last block has no end: {open:?}");
    blocks
}

/// A `console` block: lines with `$ ` are commands, those with `> ` right behind go on with them, the rest is shown.
pub fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (line, number) in block.lines.iter().zip(block.line..) {
        let more = line.strip_prefix("> ").or_else(|| (line == ">").then_some(""));
        match (line.strip_prefix("$ "), more, steps.last_mut()) {
            (Some(command), _, _) => steps.push(Step {
                line: number,
                command: command.to_owned(),
                shown: Vec::new(),
                shown_at: number + 1..number + 1,
            }),
            (None, Some(more), Some(step)) if step.shown.is_empty() => {
                step.command = format!("{}\n{more}", step.command);
                step.shown_at = number + 1..number + 1;
            }
            (None, _, Some(step)) => {
                step.shown.push(line.clone());
                step.shown_at.end = number + 1;
            }
            (None, _, None) => panic!("line {number}: a console block begins with a command, `$ …`"),
        }
    }
    steps
}

/// The page with other lines in the place of some; `places` are in order.
pub fn replaced(page: &str, places: &[(Range<usize>, Vec<String>)]) -> String {
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    for (place, by) in places.iter().rev() {
        lines.splice(place.start - 1..place.end - 1, by.iter().cloned());
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_page_is_read_as_blocks_and_steps() {
    let page =
        "# A\n\n```console\n$ cat >a <<'X'\n> one\n>\n> X\n$ cat a\none\n\n> two\n```\n\n```sql\nSELECT 1;\n```\n";
    let blocks = blocks(page);
    let places: Vec<_> = blocks.iter().map(|block| (block.line, block.language.as_str())).collect();
    assert_eq!(places, [(4, "console"), (15, "sql")]);
    let steps = steps(&blocks[0]);
    let step = |line, command: &str, shown: &[&str], shown_at| Step {
        line,
        command: command.to_owned(),
        shown: shown.iter().map(|line| (*line).to_owned()).collect(),
        shown_at,
    };
    assert_eq!(steps, [step(4, "cat >a <<'X'\none\n\nX", &[], 8..8), step(8, "cat a", &["one", "", "> two"], 9..12)]);
    let places = [(8..8, vec!["new".to_owned()]), (9..12, vec!["1".to_owned(), "2".to_owned()])];
    let page = replaced(page, &places);
    assert!(page.contains("> X\nnew\n$ cat a\n1\n2\n```\n"), "{page}");
}

#[test]
#[should_panic(expected = "line 2: a fence stands at the beginning of a line of its own")]
fn no_block_hides_in_a_list() {
    blocks("- an item\n  ```sh\n  rm -rf /\n  ```\n");
}
