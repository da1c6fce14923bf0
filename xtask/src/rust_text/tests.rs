use super::*;

#[test]
fn comments_and_literals_are_blanked_and_lines_kept() {
    let source = "let a = \"f32 // no\"; // f64\n/* f32 /* nested */ */ let b = 'x'; let c: &'static str;\n";
    let scanned = RustText::scan(source);
    assert_eq!(scanned.code.lines().count(), 2);
    assert!(!scanned.code.contains("f32") && !scanned.code.contains("f64"));
    assert!(scanned.code.contains("let b = ' '") && scanned.code.contains("&'static str"));
    assert_eq!(scanned.literals, [Literal { line: 1, text: "f32 // no".into(), in_test: false }]);
}

#[test]
fn raw_byte_and_continued_literals_are_read_whole() {
    let source =
        "f(r#\"a \"b\" c\"#, b\"x\", \"SELECT \\\n     1\", br\"y\"); let r#type = '\\''; var(\"z\")";
    let texts: Vec<_> = RustText::scan(source).literals.into_iter().map(|literal| literal.text).collect();
    assert_eq!(texts, ["a \"b\" c", "x", "SELECT \n1", "y", "z"]);
}

#[test]
fn items_under_cfg_test_are_not_production() {
    let source = "fn a() {}\n#[cfg(test)]\nmod tests;\nfn b() { \"p\" }\n#[cfg(test)]\nmod more {\n  fn c() { \"t\" }\n}\nfn d() {}\n";
    let scanned = RustText::scan(source);
    let lines: Vec<_> = scanned.production().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 4, 9]);
    let literals: Vec<_> = scanned.production_literals().map(|literal| literal.text.as_str()).collect();
    assert_eq!(literals, ["p"]);
}
