//! The keys that SQL text defines: enough of the grammar for CREATE TABLE, CREATE UNIQUE INDEX and ALTER TABLE.

#[cfg(test)]
mod tests;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    Primary,
    Unique,
    Foreign,
}

/// One key of a table, with the columns in their order.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    pub kind: KeyKind,
    pub line: usize,
    pub columns: Vec<String>,
}

/// What one statement says about one table.
#[derive(Debug, PartialEq, Eq)]
pub struct TableText {
    pub name: String,
    pub line: usize,
    /// Whether the statement creates the table, and so must give its primary key.
    pub creates: bool,
    pub keys: Vec<Key>,
}

/// Reads every table statement of `text`, whose first line is `first_line`.
pub fn tables(text: &str, first_line: usize) -> Vec<TableText> {
    let words = words(text, first_line);
    words.split(|word| word.text == ";").filter_map(statement).collect()
}

#[derive(Debug)]
struct Word {
    text: String,
    line: usize,
}

impl Word {
    fn is(&self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }
}

/// Words and punctuation; `--` comments and quoted text are left out.
fn words(text: &str, first_line: usize) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split("--").next().unwrap_or("");
        let unquoted: String = line.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
        let mut open = false;
        for c in unquoted.chars() {
            let in_word = c.is_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '$' | ':');
            match words.last_mut() {
                Some(word) if in_word && open => word.text.push(c),
                _ if !c.is_whitespace() => words.push(Word { text: c.to_string(), line: first_line + at }),
                _ => {}
            }
            open = in_word;
        }
    }
    words
}

fn statement(words: &[Word]) -> Option<TableText> {
    let at = words.iter().position(|word| word.is("CREATE") || word.is("ALTER"))?;
    let words = &words[at..];
    let has = |keyword| words.iter().take(4).any(|word| word.is(keyword));
    match words {
        [first, second, ..] if first.is("ALTER") && second.is("TABLE") => Some(altered(words)),
        [first, ..] if first.is("CREATE") && has("INDEX") && has("UNIQUE") => unique_index(words),
        [first, second, ..] if first.is("CREATE") && second.is("TABLE") => created(words),
        _ => None,
    }
}

fn created(words: &[Word]) -> Option<TableText> {
    let name = name_after(words, "TABLE")?;
    let partition = words.iter().take(8).any(|word| word.is("OF"));
    let body = if partition { &[] } else { parenthesised(words)? };
    let keys = items(body).into_iter().flat_map(item_keys).collect();
    Some(TableText { name: name.text.clone(), line: name.line, creates: !partition, keys })
}

fn altered(words: &[Word]) -> TableText {
    let name = name_after(words, "TABLE").unwrap_or(&words[0]);
    let keys = words.split(|word| word.is("ADD")).skip(1).flat_map(item_keys).collect();
    TableText { name: name.text.clone(), line: name.line, creates: false, keys }
}

fn unique_index(words: &[Word]) -> Option<TableText> {
    let name = name_after(words, "ON")?;
    let key = Key { kind: KeyKind::Unique, line: name.line, columns: columns(parenthesised(words)?) };
    Some(TableText { name: name.text.clone(), line: name.line, creates: false, keys: vec![key] })
}

fn name_after<'a>(words: &'a [Word], keyword: &str) -> Option<&'a Word> {
    let at = words.iter().position(|word| word.is(keyword))?;
    words[at + 1..]
        .iter()
        .find(|word| !["IF", "NOT", "EXISTS", "ONLY"].iter().any(|skipped| word.is(skipped)))
}

/// The inside of the first parentheses.
fn parenthesised(words: &[Word]) -> Option<&[Word]> {
    let open = words.iter().position(|word| word.text == "(")?;
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.text.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&words[open + 1..at]);
        }
    }
    None
}

/// Splits at the commas that stand in no inner parentheses.
fn items(body: &[Word]) -> Vec<&[Word]> {
    let (mut depth, mut begin, mut items) = (0_usize, 0, Vec::new());
    for (at, word) in body.iter().enumerate() {
        match word.text.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                items.push(&body[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    items.push(&body[begin..]);
    items
}

/// A table constraint gives one key; a column may carry up to three.
fn item_keys(item: &[Word]) -> Vec<Key> {
    let item = if item.first().is_some_and(|word| word.is("CONSTRAINT")) {
        item.get(2..).unwrap_or(&[])
    } else {
        item
    };
    let Some(first) = item.first() else { return Vec::new() };
    let whole = |kind| {
        let columns = columns(parenthesised(item).unwrap_or(&[]));
        vec![Key { kind, line: first.line, columns }]
    };
    match () {
        () if first.is("PRIMARY") => whole(KeyKind::Primary),
        () if first.is("UNIQUE") => whole(KeyKind::Unique),
        () if first.is("FOREIGN") => whole(KeyKind::Foreign),
        () => column_keys(item, first),
    }
}

fn column_keys(item: &[Word], column: &Word) -> Vec<Key> {
    let kinds =
        [("PRIMARY", KeyKind::Primary), ("UNIQUE", KeyKind::Unique), ("REFERENCES", KeyKind::Foreign)];
    let said = kinds.into_iter().filter(|(keyword, _)| item.iter().any(|word| word.is(keyword)));
    said.map(|(_, kind)| Key { kind, line: column.line, columns: vec![column.text.clone()] }).collect()
}

fn columns(words: &[Word]) -> Vec<String> {
    items(words).into_iter().filter_map(|item| item.first()).map(|word| word.text.clone()).collect()
}
