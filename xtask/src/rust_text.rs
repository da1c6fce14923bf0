//! Rust source told apart into code, literals and comments, and into production and test lines.
//! A small scanner, not a parser: enough to say where a word stands.

#[cfg(test)]
mod tests;

/// One string literal and the line on which it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Literal {
    pub line: usize,
    pub text: String,
    pub in_test: bool,
}

/// A scanned source file.
pub struct RustText {
    /// The source with comments and the inside of literals blanked, line for line.
    pub code: String,
    pub literals: Vec<Literal>,
    /// For each line, whether it belongs to a `#[cfg(test)]` item.
    test_lines: Vec<bool>,
}

impl RustText {
    pub fn scan(text: &str) -> Self {
        let mut scan =
            Scan { chars: text.chars().collect(), at: 0, line: 1, code: String::new(), literals: vec![] };
        scan.run();
        let test_lines = test_lines(&scan.code);
        let mut literals = scan.literals;
        for literal in &mut literals {
            literal.in_test = test_lines.get(literal.line - 1).copied().unwrap_or(false);
        }
        Self { code: scan.code, literals, test_lines }
    }

    /// Production lines of code with their numbers; comments and literals are blank in them.
    pub fn production(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.code.lines().enumerate();
        lines
            .filter(|(at, _)| !self.test_lines.get(*at).copied().unwrap_or(false))
            .map(|(at, line)| (at + 1, line))
    }

    pub fn production_literals(&self) -> impl Iterator<Item = &Literal> {
        self.literals.iter().filter(|literal| !literal.in_test)
    }
}

struct Scan {
    chars: Vec<char>,
    at: usize,
    line: usize,
    code: String,
    literals: Vec<Literal>,
}

impl Scan {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match c {
                '/' if self.peek(1) == Some('/') => self.blank_while(|scan| scan.peek(0) != Some('\n')),
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.literal(),
                'r' | 'b' | 'c' if !self.after_word() && self.raw_hashes().is_some() => self.raw_literal(),
                '\'' => self.quote(),
                _ => self.keep(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn keep(&mut self) {
        if let Some(c) = self.peek(0) {
            self.code.push(c);
            self.line += usize::from(c == '\n');
            self.at += 1;
        }
    }

    fn blank(&mut self) {
        if let Some(c) = self.peek(0) {
            self.code.push(if c == '\n' { '\n' } else { ' ' });
            self.line += usize::from(c == '\n');
            self.at += 1;
        }
    }

    fn blank_while(&mut self, more: impl Fn(&Self) -> bool) {
        while self.peek(0).is_some() && more(self) {
            self.blank();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.blank();
                    continue;
                }
            }
            self.blank();
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    fn after_word(&self) -> bool {
        self.at > 0 && self.chars.get(self.at - 1).is_some_and(|c| c.is_alphanumeric() || *c == '_')
    }

    /// The number of hashes of a raw literal that begins here, and how long its opening is.
    fn raw_hashes(&self) -> Option<(usize, usize)> {
        let prefix = (0..2).take_while(|ahead| matches!(self.peek(*ahead), Some('r' | 'b' | 'c'))).count();
        if self.peek(prefix.checked_sub(1)?) != Some('r') {
            return None;
        }
        let hashes = (prefix..self.chars.len()).take_while(|ahead| self.peek(*ahead) == Some('#')).count();
        (self.peek(prefix + hashes) == Some('"')).then_some((hashes, prefix + hashes))
    }

    fn raw_literal(&mut self) {
        let Some((hashes, opening)) = self.raw_hashes() else { return };
        for _ in 0..opening {
            self.keep();
        }
        let (line, mut text) = (self.line, String::new());
        self.keep();
        while let Some(c) = self.peek(0) {
            if c == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                break;
            }
            text.push(c);
            self.blank();
        }
        for _ in 0..=hashes {
            self.keep();
        }
        self.literals.push(Literal { line, text, in_test: false });
    }

    fn literal(&mut self) {
        let (line, mut text) = (self.line, String::new());
        self.keep();
        while let Some(c) = self.peek(0) {
            match c {
                '"' => break,
                '\\' => self.escape(&mut text),
                _ => {
                    text.push(c);
                    self.blank();
                }
            }
        }
        self.keep();
        self.literals.push(Literal { line, text, in_test: false });
    }

    /// Line continuations disappear with the blanks after them, but their line break stays, so that lines count on.
    fn escape(&mut self, text: &mut String) {
        self.blank();
        match self.peek(0) {
            Some('\n') => {
                text.push('\n');
                self.blank_while(|scan| scan.peek(0).is_some_and(char::is_whitespace));
            }
            Some(c) => {
                text.push(if matches!(c, 'n' | 't' | 'r') { ' ' } else { c });
                self.blank();
            }
            None => {}
        }
    }

    /// A character literal is blanked, a lifetime is kept.
    fn quote(&mut self) {
        let closing = match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => (3..12).find(|ahead| self.peek(*ahead) == Some('\'')),
            (Some(_), Some('\'')) => Some(2),
            _ => None,
        };
        self.keep();
        for _ in 1..closing.unwrap_or(1) {
            self.blank();
        }
        if closing.is_some() {
            self.keep();
        }
    }
}

/// Marks the lines of every item under `#[cfg(test)]`, to its closing brace or semicolon.
fn test_lines(code: &str) -> Vec<bool> {
    let mut marks = vec![false; code.lines().count()];
    let (mut pending, mut depth) = (false, 0_i64);
    for (at, line) in code.lines().enumerate() {
        let attribute = line.find("#[cfg(test)]").or_else(|| line.find("#[cfg(all(test"));
        let begins = !pending && depth == 0 && attribute.is_some();
        pending |= begins;
        if !pending && depth == 0 {
            continue;
        }
        marks[at] = true;
        let rest = if begins { after_attribute(line, attribute.unwrap_or(0)) } else { line };
        for c in rest.chars() {
            match c {
                '{' => {
                    depth += 1;
                    pending = false;
                }
                '}' => depth -= 1,
                ';' if depth == 0 => pending = false,
                _ => {}
            }
        }
    }
    marks
}

fn after_attribute(line: &str, at: usize) -> &str {
    line[at..].find(']').map_or("", |end| &line[at + end + 1..])
}
