//! Folders: whole files only, each put aside with its reason, and nothing outside is touched.

use std::fs;
use std::path::Path;
use tillkeeper_channels::bank::call::Answer;
use tillkeeper_channels::bank::folder::{Became, waiting};

const QUIET_US: i64 = 60_000_000;

/// Microseconds since 1970 at which everything here was written.
fn written_us(path: &Path) -> i64 {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    i64::try_from(modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

fn names(folder: &Path, now_us: i64) -> Vec<String> {
    waiting(folder, (QUIET_US, now_us)).unwrap().into_iter().map(|file| file.name).collect()
}

#[test]
fn only_whole_files_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    assert!(names(folder.path(), 0).is_empty(), "the folders are made");
    let incoming = folder.path().join("incoming");
    for name in ["b.xml", "a.csv", "c.xml.part", ".hidden", "d.tmp", "a.csv.sig"] {
        fs::write(incoming.join(name), name).unwrap();
    }
    fs::create_dir(incoming.join("folder.xml")).unwrap();
    let now_us = written_us(&incoming.join("b.xml"));
    assert!(names(folder.path(), now_us).is_empty(), "just written, so perhaps not whole");
    assert_eq!(names(folder.path(), now_us + QUIET_US + 1_000_000), ["a.csv", "b.xml"]);
    fs::write(incoming.join("b.xml.ok"), "").unwrap();
    assert_eq!(names(folder.path(), now_us), ["b.xml"], "the bank says that it is whole");
}

#[test]
fn a_link_to_elsewhere_is_not_followed() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    names(folder.path(), 0);
    let secret = outside.path().join("secret.csv");
    fs::write(&secret, "secret").unwrap();
    let incoming = folder.path().join("incoming");
    std::os::unix::fs::symlink(&secret, incoming.join("x.csv")).unwrap();
    fs::write(incoming.join("x.csv.ok"), "").unwrap();
    assert!(names(folder.path(), i64::MAX).is_empty());
    fs::write(incoming.join("y.csv"), "y").unwrap();
    std::os::unix::fs::symlink(&secret, incoming.join("y.csv.sig")).unwrap();
    let file = waiting(folder.path(), (QUIET_US, i64::MAX)).unwrap().remove(0);
    assert_eq!(file.read(), Answer::File { bytes: b"y".to_vec(), signature: None });
    file.put_aside(Became::Taken).unwrap();
    assert!(secret.exists() && incoming.join("y.csv.sig").is_symlink());
}

#[test]
fn files_are_put_aside_under_free_names_with_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    names(folder.path(), 0);
    let incoming = folder.path().join("incoming");
    for text in ["one", "two"] {
        fs::write(incoming.join("day.xml"), text).unwrap();
        fs::write(incoming.join("day.xml.sig"), "signature").unwrap();
        fs::write(incoming.join("day.xml.ok"), "").unwrap();
        let file = waiting(folder.path(), (QUIET_US, 0)).unwrap().remove(0);
        let signature = Some("signature".to_owned());
        assert_eq!(file.read(), Answer::File { bytes: text.into(), signature });
        file.put_aside(Became::Refused("the balance differs")).unwrap();
        assert_eq!(fs::read_dir(&incoming).unwrap().count(), 0);
    }
    let refused = folder.path().join("refused");
    assert_eq!(fs::read_to_string(refused.join("day.xml")).unwrap(), "one");
    assert_eq!(fs::read_to_string(refused.join("2-day.xml")).unwrap(), "two");
    assert_eq!(fs::read_to_string(refused.join("2-day.xml.reason.txt")).unwrap(), "the balance differs\n");
    assert!(refused.join("day.xml.sig").exists());
}
