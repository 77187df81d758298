//! Files that somebody else may have made: the one place where those of a run folder, scenarios and rule sets are opened.
//!
//! Must not know what is in them. The invariants: what is opened to be read is a regular file no longer than was said, and
//! opening it waits for nobody; what is written inside of a folder never goes where a link in it leads.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Take};
use std::ops::Deref;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use crate::error::{Act, Error, Remedy};
use crate::units::Bytes;

/// What editors of some systems begin a text in UTF-8 with; it means nothing.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes of a name at most, so that an ending and a number have room in the 255 that file systems have.
const LONGEST_NAME: usize = 220;

/// The name of a file that can be made in any folder, and in no other: 1 to 220 letters, digits, dots, hyphens, underscores
/// and plus signs, the first a letter or a digit. Only its checker makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(Cow<'static, str>);

impl FileName {
    /// A text that is one as it stands.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn checked(text: String) -> Result<Self, String> {
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && text.len() <= LONGEST_NAME && text.chars().all(Self::holds) {
            return Ok(Self(text.into()));
        }
        let shown: String = text.chars().take(60).collect();
        let more = if shown.len() < text.len() { "..." } else { "" };
        Err(format!(
            "{shown:?}{more} cannot be the name of a file: a name has 1 to {LONGEST_NAME} letters, digits and any of . - _ +, \
             the \
             first \
             a letter or a digit"
        ))
    }

    /// The nearest one to an arbitrary text that begins with a letter or a digit.
    #[must_use]
    pub fn nearest(text: &str) -> Self {
        let fits = |c: char| if Self::holds(c) { c } else { '-' };
        let name: String = text.chars().take(LONGEST_NAME).map(fits).collect();
        Self(name.into())
    }

    fn holds(c: char) -> bool {
        name_holds(c) || c == '+'
    }

    /// One that stands in this program's text.
    #[must_use]
    pub const fn fixed(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The same with an ending, which stands in this program's text.
    #[must_use]
    pub fn with(&self, ending: &'static str) -> Self {
        Self(format!("{self}{ending}").into())
    }
}

/// What may stand in a name everywhere and be typed without quoting.
#[must_use]
pub fn name_holds(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

impl Deref for FileName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<Path> for FileName {
    fn as_ref(&self) -> &Path {
        Path::new(&**self)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self)
    }
}

/// Why a file that is there is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Unfit {
    /// It is no regular file but this.
    Kind(&'static str),
    /// It is a link, where one would lead what is written to somewhere else.
    Link,
    /// It has so many bytes, and no more than these are read.
    Length(u64, u64),
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(out, "it is {kind}, not a regular file"),
            Self::Link => out.write_str("it is a link, and kilonet does not write through links"),
            Self::Length(length, most) => {
                let (length, most) = (Bytes(*length), Bytes(*most));
                write!(
                    out,
                    "its size is {length}, and kilonet reads at most {most}"
                )
            }
        }
    }
}

impl std::error::Error for Unfit {}

impl Unfit {
    fn remedy(&self) -> Remedy {
        match self {
            Self::Kind(_) => Remedy::RegularFile,
            Self::Link => Remedy::NoLink,
            Self::Length(..) => Remedy::SeeWhoWrote,
        }
    }

    fn of_kind(kind: FileType) -> Self {
        Self::Kind(if kind.is_dir() {
            "a folder"
        } else if kind.is_fifo() {
            "a named pipe"
        } else if kind.is_socket() {
            "a socket"
        } else {
            "a device"
        })
    }
}

impl From<Unfit> for io::Error {
    fn from(unfit: Unfit) -> Self {
        Self::new(ErrorKind::InvalidInput, unfit)
    }
}

/// Whether it was this room that refused a file, and not the kernel.
#[must_use]
pub fn is_unfit(error: &io::Error) -> bool {
    unfit(error).is_some()
}

fn unfit(error: &io::Error) -> Option<&Unfit> {
    error.get_ref()?.downcast_ref()
}

/// The refusal of a file, with the remedy where it was this room that refused.
pub fn refusal(act: impl Into<Act>, path: &Path, source: io::Error) -> Error {
    let remedy = unfit(&source).map(Unfit::remedy);
    let error = Error::kernel(act, path.display().to_string(), source);
    match remedy {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

/// Opens a regular file, or a link to one, of which at most `most` bytes are read, also where it grows meanwhile.
///
/// # Errors
/// The kernel's, or that it is something else or longer.
pub fn open(path: &Path, most: u64) -> io::Result<Take<File>> {
    let file = open_regular(path)?;
    let length = file.metadata()?.len();
    if length > most {
        return Err(Unfit::Length(length, most).into());
    }
    Ok(file.take(most))
}

/// Opens a regular file, or a link to one, of which nothing is read: the kernel shows namespaces as such files.
///
/// # Errors
/// The kernel's, or that it is something else.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // A device is not even opened: some act on that alone. What takes the file's place after this is seen below.
    is_regular(&fs::metadata(path)?)?;
    // Without O_NONBLOCK, opening a pipe waits for who writes to it; a regular file does not care.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    is_regular(&file.metadata()?)?;
    Ok(file)
}

/// The whole of a file, without the byte-order mark that it may begin with.
///
/// # Errors
/// As [`open`] has them, or the disk's.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, most)?.read_to_end(&mut bytes)?;
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(bytes)
}

/// The whole of a text, likewise.
///
/// # Errors
/// As [`read`] has them, or that it is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.utf8_error()))
}

/// What follows the byte-order mark that a text may begin with.
#[must_use]
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Makes a new file in the place of whatever goes by its name: a link is replaced, and what it leads to stays as it was.
///
/// # Errors
/// The kernel's.
pub fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Opens a regular file to append to, which is made where there is none; no link to one.
///
/// # Errors
/// The kernel's, or that it is something else.
pub fn append(path: &Path) -> io::Result<File> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW;
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .custom_flags(flags)
        .open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(libc::ELOOP) => Unfit::Link.into(),
        // What a pipe says that nobody reads.
        Some(libc::ENXIO) => of_socket(path, error),
        _ => error,
    })?;
    is_regular(&file.metadata()?)?;
    Ok(file)
}

/// Makes a folder inside of another where there is none; one that is a link is none.
///
/// # Errors
/// The kernel's, or that it is a link or a file.
pub fn folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made,
    }
    let kind = fs::symlink_metadata(path)?.file_type();
    if kind.is_symlink() {
        return Err(Unfit::Link.into());
    }
    if kind.is_dir() {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(libc::ENOTDIR))
}

fn is_regular(about: &Metadata) -> io::Result<()> {
    if about.is_file() {
        Ok(())
    } else {
        Err(Unfit::of_kind(about.file_type()).into())
    }
}

/// A socket, or a pipe that nobody reads, cannot be opened, of which the kernel says that there is no such device.
fn of_socket(path: &Path, error: io::Error) -> io::Error {
    match fs::metadata(path).map(|about| about.file_type()) {
        Ok(kind) if kind.is_socket() || kind.is_fifo() => Unfit::of_kind(kind).into(),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use tempfile::TempDir;

    use super::*;

    /// A folder with one of each kind of file, among it links, and the folder's own kinds by name.
    fn kinds() -> (TempDir, [(&'static str, &'static str); 5]) {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        drop(UnixListener::bind(at("socket")).unwrap());
        fs::create_dir(at("folder")).unwrap();
        symlink("/dev/zero", at("device")).unwrap();
        symlink(at("pipe"), at("link")).unwrap();
        let named = [
            ("pipe", "a named pipe"),
            ("socket", "a socket"),
            ("folder", "a folder"),
            ("device", "a device"),
            ("link", "a named pipe"),
        ];
        (home, named)
    }

    #[test]
    fn a_name_never_leads_out_of_its_folder() {
        for name in ["bridge-ipv4-none-c4-r0", "0", "a+b_c.d"] {
            assert_eq!(&*FileName::checked(name.to_owned()).unwrap(), name);
        }
        let long = "a".repeat(221);
        let outside = [
            "", "..", "../x", "/x", "a/b", "a\\b", ".x", "-x", "a\0", "a\n", "a b", "ä", &long,
        ];
        for name in outside {
            let error = FileName::checked(name.to_owned()).unwrap_err();
            assert!(error.contains("cannot be the name of a file"), "{error}");
            assert!(error.len() < 300, "{error}");
        }
    }

    #[test]
    fn only_a_regular_file_is_opened_and_nothing_is_waited_for() {
        let (home, kinds) = kinds();
        for (name, kind) in kinds {
            let path = home.path().join(name);
            let error = refusal("read", &path, open(&path, 10).unwrap_err());
            let expected = format!("{name}: it is {kind}, not a regular file");
            assert!(error.sentence().ends_with(&expected), "{error:?}");
            assert!(error.hint().unwrap().contains("regular file"));
        }
        let file = home.path().join("text");
        fs::write(&file, "\u{feff}text").unwrap();
        let link = home.path().join("to-text");
        symlink(&file, &link).unwrap();
        assert_eq!(read(&link, 7).unwrap(), b"text");
        let error = refusal("read", &file, read(&file, 6).unwrap_err());
        let expected = "text: its size is 7 B, and kilonet reads at most 6 B";
        assert!(error.sentence().ends_with(expected), "{error:?}");
    }

    #[test]
    fn nothing_is_written_to_where_a_link_leads() {
        let home = tempfile::tempdir().unwrap();
        let (theirs, mine) = (home.path().join("theirs"), home.path().join("mine"));
        fs::write(&theirs, "theirs").unwrap();
        symlink(&theirs, &mine).unwrap();
        let error = refusal("open", &mine, append(&mine).unwrap_err());
        assert!(error.sentence().contains("it is a link"), "{error:?}");
        assert!(error.hint().is_some());
        drop(create(&mine).unwrap());
        assert_eq!(fs::read_to_string(&mine).unwrap(), "");
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        append(&mine).unwrap();
    }

    #[test]
    fn what_is_no_regular_file_is_not_appended_to() {
        let (home, kinds) = kinds();
        for (name, _) in kinds {
            append(&home.path().join(name)).unwrap_err();
        }
    }

    #[test]
    fn a_folder_that_is_a_link_is_none() {
        let home = tempfile::tempdir().unwrap();
        let (theirs, mine) = (home.path().join("theirs"), home.path().join("mine"));
        folder(&theirs).unwrap();
        folder(&theirs).unwrap();
        symlink(&theirs, &mine).unwrap();
        let error = folder(&mine).unwrap_err();
        assert!(error.to_string().contains("it is a link"), "{error}");
    }
}
