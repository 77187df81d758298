//! An image of the running program: the program itself and what its loader needs, and nothing else.
//!
//! Must not know containers. The invariant: the program in the image is this very one, so both ends of a measurement are the
//! same code; no registry is asked for anything.

#![allow(
    unsafe_code,
    reason = "only the loader knows by which paths it found what it has loaded"
)]

use std::collections::BTreeSet;
use std::ffi::{CStr, c_int, c_void};
use std::fs;
use std::io;

use bollard::body_full;
use bollard::query_parameters::{CreateImageOptions, RemoveImageOptions};
use futures::TryStreamExt;
use nix::libc;

use super::engine::Engine;
use super::owner::{LABEL, Owner};
use crate::error::{Error, Remedy, Result};

/// An image on an engine.
#[derive(Debug)]
pub struct Image(String);

impl Image {
    /// Imports the running program.
    ///
    /// # Errors
    /// When the program's files cannot be read, or the engine does not take the image.
    pub fn import(engine: &Engine, owner: &Owner) -> Result<Self> {
        let archive = archive()
            .map_err(|source| Error::kernel("read", "the running program for an image", source))?;
        let (repo, tag) = owner.image();
        let name = format!("{repo}:{tag}");
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            repo: Some(repo),
            tag: Some(tag),
            changes: vec![format!("LABEL {LABEL}={}", owner.label())],
            ..CreateImageOptions::default()
        };
        let body = body_full(archive.into());
        let import = engine.api().create_image(Some(options), Some(body), None);
        let object = format!("image {name}");
        let imported = engine.wait(("import", &object), import.try_collect::<Vec<_>>());
        // An engine that does not take an image has mostly no room for it.
        imported.map_err(|error| match error.remedy() {
            Some(_) => error,
            None => error.with_remedy(Remedy::RoomForImage),
        })?;
        Ok(Self(name))
    }

    /// What containers call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Removes it from the engine.
    ///
    /// # Errors
    /// When the engine will not.
    pub fn remove(self, engine: &Engine) -> Result<()> {
        let options = RemoveImageOptions {
            force: true,
            ..RemoveImageOptions::default()
        };
        let object = format!("image {}", self.0);
        let answer = engine.api().remove_image(&self.0, Some(options), None);
        engine.wait(("remove", &object), answer).map(drop)
    }
}

/// A tar of the program at `/kilonet` and of its loader and libraries at their own paths.
fn archive() -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, "kilonet", &loadable(fs::read("/proc/self/exe")?))?;
    for path in loaded() {
        append(
            &mut tar,
            path.trim_start_matches('/'),
            &loadable(fs::read(&path)?),
        )?;
    }
    tar.into_inner()
}

fn append(tar: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o755);
    tar.append_data(&mut header, path, content)
}

/// A program without what only debuggers read. Sections stand behind the segments and are named by the header alone; a
/// driver that copies the image for each container copies a tenth then.
fn loadable(mut elf: Vec<u8>) -> Vec<u8> {
    const ELF64: [u8; 5] = [0x7f, b'E', b'L', b'F', 2];
    let Some(end) = elf
        .starts_with(&ELF64)
        .then(|| segments_end(&elf))
        .flatten()
    else {
        return elf;
    };
    elf.truncate(end);
    // e_shoff, then e_shnum and e_shstrndx: no sections.
    elf[0x28..0x30].fill(0);
    elf[0x3c..0x40].fill(0);
    elf
}

/// Where the last segment ends in the file of a 64-bit program.
fn segments_end(elf: &[u8]) -> Option<usize> {
    let word = |at: usize| {
        let bytes = elf.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_ne_bytes(bytes)).ok()
    };
    let half = |at: usize| {
        let bytes = elf.get(at..at + 2)?.try_into().ok()?;
        Some(usize::from(u16::from_ne_bytes(bytes)))
    };
    let (table, size, count) = (word(0x20)?, half(0x36)?, half(0x38)?);
    let ends = (0..count).map(|number| {
        let header = table + number * size;
        // p_offset and p_filesz.
        word(header + 0x08)?.checked_add(word(header + 0x20)?)
    });
    let last = ends.collect::<Option<Vec<_>>>()?.into_iter().max()?;
    (last >= table + count * size && last <= elf.len()).then_some(last)
}

/// The loader and the libraries of this process, by the paths at which the loader looked; none in a static program.
fn loaded() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    // SAFETY: the function calls back before it returns, with this pointer, and keeps nothing.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut paths).cast()) };
    paths
}

unsafe extern "C" fn note(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    paths: *mut c_void,
) -> c_int {
    // SAFETY: the caller hands over an object of its own that lives through the call, and back what `loaded` gave it.
    let (info, paths) = unsafe { (&*info, &mut *paths.cast::<BTreeSet<String>>()) };
    if !info.dlpi_name.is_null() {
        // SAFETY: it is a string of the loader's, ended by a zero.
        let name = unsafe { CStr::from_ptr(info.dlpi_name) };
        // The program itself has no name, and the kernel's own part no path.
        if let Some(path) = name.to_str().ok().filter(|name| name.starts_with('/')) {
            paths.insert(path.to_owned());
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    #[test]
    fn a_program_runs_without_its_sections() {
        let whole = fs::read("/proc/self/exe").unwrap();
        let bare = loadable(whole.clone());
        assert!(bare.len() < whole.len());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bare");
        fs::write(&path, bare).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let said = Command::new(&path).arg("--help").output().unwrap();
        assert!(said.status.success(), "{said:?}");
    }

    #[test]
    fn what_is_no_program_stays_as_it_is() {
        for bytes in [Vec::new(), b"#!/bin/sh\n".to_vec(), b"\x7fELF\x02".to_vec()] {
            assert_eq!(loadable(bytes.clone()), bytes);
        }
    }

    /// `ldd` is the witness, which asks the loader in a process of its own.
    #[test]
    fn the_loader_and_every_library_are_found() {
        let exe = std::env::current_exe().unwrap();
        let said = Command::new("ldd").arg(exe).output().unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        let paths: BTreeSet<String> = text
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
            .map(str::to_owned)
            .collect();
        assert_eq!(loaded(), paths);
    }
}
