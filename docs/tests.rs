//! What a reader may expect of every page.

use std::fs;
use std::path::{Path, PathBuf};

use super::PAGES;

const SUMMARY: &str = include_str!("src/SUMMARY.md");
const ERROR_INDEX: &str = include_str!("src/errors/README.md");

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages in a folder and those below it, relative to `docs`, in order of name.
fn pages_under(start: &str) -> Vec<String> {
    let (mut pages, mut folders) = (Vec::new(), vec![PathBuf::from(start)]);
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(folder().join(&at)).expect("a folder of the book") {
            let entry = entry.expect("an entry of a folder of the book");
            let path = at.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                pages.push(path.display().to_string().replace('\\', "/"));
            }
        }
    }
    pages.sort();
    pages
}

/// The targets of the links of a text, without those in code.
fn links(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Odd pieces between backticks are code.
        for prose in line.split('`').step_by(2) {
            found.extend(prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()));
        }
        // A link whose text is code is cut by the split above.
        found.extend(line.split("`](").skip(1).filter_map(|rest| rest.split(')').next()));
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn every_page_is_compiled_and_in_the_summary() {
    for page in pages_under("src") {
        if page == "src/SUMMARY.md" {
            continue;
        }
        assert!(PAGES.iter().any(|(path, _)| *path == page), "{page} is not listed in docs/lib.rs");
        let target = page.trim_start_matches("src/");
        assert!(links(SUMMARY).contains(&target), "{page} is not in docs/src/SUMMARY.md");
    }
}

#[test]
fn every_error_page_is_in_the_index() {
    for page in pages_under("src/errors") {
        let target = page.trim_start_matches("src/errors/");
        assert!(target == "README.md" || links(ERROR_INDEX).contains(&target), "{page} is not in the index of errors");
    }
}

#[test]
fn every_code_has_a_page() {
    for code in gatewright_dsl::diag::CODES {
        let path = format!("src/errors/{code}.md");
        let page = PAGES.iter().find(|(p, _)| *p == path);
        let (_, text) = page.unwrap_or_else(|| panic!("{code} has no page {path}"));
        assert!(text.starts_with(&format!("# {code}: ")), "{path} is about another code");
        assert!(text.contains(&format!("\"{code}\"")), "{path} does not provoke {code}");
    }
    let pages = pages_under("src/errors").len() - 1;
    assert_eq!(pages, gatewright_dsl::diag::CODES.len(), "a page is about a code that is no more");
}

#[test]
fn every_link_leads_to_a_file() {
    let others = pages_under("decisions").into_iter().chain(["src/SUMMARY.md".into(), "../CHANGELOG.md".into()]);
    let pages: Vec<String> = PAGES.iter().map(|(path, _)| (*path).to_owned()).chain(others).collect();
    let mut count = 0;
    for page in pages {
        let path = folder().join(&page);
        let text = fs::read_to_string(&path).expect("a page");
        for link in links(&text).into_iter().filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let file = link.split('#').next().unwrap_or(link);
            assert!(path.with_file_name("").join(file).exists(), "{page} links to {link}, which is not there");
            count += 1;
        }
    }
    assert!(count > 10, "links were looked at");
}

#[test]
fn every_block_says_what_it_holds_and_all_code_runs() {
    for (page, text) in PAGES {
        let mut fences = text.lines().map(str::trim_start).filter(|line| line.starts_with("```"));
        while let Some(open) = fences.next() {
            let holds = open.trim_start_matches('`');
            assert!(!holds.is_empty(), "{page}: a block without a language would be taken for Rust");
            assert!(!holds.contains("ignore") && !holds.contains("no_run"), "{page}: `{open}` would not be run");
            assert_eq!(fences.next(), Some("```"), "{page}: the block {open} is not closed");
        }
    }
}

/// A block of changes names its file, and what each of them keeps and takes away stands there once, in one piece.
#[test]
fn changes_fit_the_files_that_they_are_for() {
    let mut count = 0;
    for (page, text) in PAGES {
        for block in text.split("```diff\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            let (name, changes) = block.split_once('\n').expect("a first line");
            let name = name.strip_prefix("// ").expect("the file's name after //");
            let file = fs::read_to_string(folder().join("..").join(name)).expect("the file of a change");
            let file = format!("\n{file}");
            for change in changes.split("@@\n") {
                let old = change.lines().filter(|line| !line.starts_with('+'));
                let old: String = old.map(|line| format!("\n{}", line.get(1..).unwrap_or_default())).collect();
                assert_eq!(file.matches(&format!("{old}\n")).count(), 1, "{page}: {name} does not have, once:{old}");
                count += 1;
            }
        }
    }
    assert!(count > 10, "changes were looked at");
}

#[test]
fn links_are_found_and_code_is_not() {
    let text = "[a](b.md) and `x](no)` and [`c`](d/e.md#f)\n```text\n[no](no.md)\n```\n";
    assert_eq!(links(text), ["b.md", "d/e.md#f"]);
}

/// The public methods of a source file, each with the type that it belongs to. Those in macros have no name to find.
fn methods(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut owner = None;
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("impl") {
            // Past the generic parameters of the `impl` itself.
            let mut depth = 0;
            let rest = rest.trim_start_matches(|c| {
                depth += i32::from(c == '<');
                let inside = depth > 0;
                depth -= i32::from(c == '>');
                inside
            });
            let name: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
            owner = (!rest.contains(" for ")).then_some(name);
        } else if line.starts_with('}') {
            owner = None;
        } else if let (Some(owner), Some(rest)) = (&owner, line.strip_prefix("    pub fn ")) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((owner.clone(), name));
        }
    }
    found
}

#[test]
fn the_reference_names_every_method() {
    let (_, page) = PAGES.iter().find(|(path, _)| *path == "src/reference.md").expect("the reference");
    // The sections name the types that they are about.
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    let types = [
        "Module",
        "Int",
        "Bool",
        "Bits",
        "Fixed",
        "Enum",
        "Reg",
        "RegDecl",
        "Wire",
        "Mem",
        "MemDecl",
        "When",
        "Switch",
        "Stream",
        "StreamWire",
        "Options",
    ];
    let mut count = 0;
    for part in ["hw", "parts"] {
        for entry in fs::read_dir(folder().join("../dsl/src").join(part)).expect("the language's source") {
            let path = entry.expect("a file of the language").path();
            if path.is_dir() {
                continue;
            }
            let source = fs::read_to_string(&path).expect("a file of the language");
            for (owner, name) in methods(&source) {
                // `raw` is for the macros and for whoever writes a bundle by hand.
                if !types.contains(&owner.as_str()) || name == "raw" {
                    continue;
                }
                let about = format!("`{owner}`");
                let section = sections.iter().find(|s| s.lines().next().is_some_and(|line| line.contains(&about)));
                let section = section.unwrap_or_else(|| panic!("docs/src/reference.md has no section about {about}"));
                let named = [format!(".{name}("), format!("::{name}(")].iter().any(|n| section.contains(n));
                assert!(named, "docs/src/reference.md does not name `{name}` in the section about {about}");
                count += 1;
            }
        }
    }
    assert!(count > 90, "methods were looked at: {count}");
}

#[test]
fn methods_are_found() {
    let source = "impl<S: Shape<Value = u8>> Stream<S> {\n    pub fn map(self) {\n    }\n}\nimpl Clone for Int {\n    \
                  pub fn no(self) {}\n}\nimpl Int {\n    fn hidden() {}\n    pub fn abs(self) {}\n}\npub fn free() {}\n";
    let found: Vec<(String, String)> = [("Stream", "map"), ("Int", "abs")].map(|(a, b)| (a.into(), b.into())).into();
    assert_eq!(methods(source), found);
}
