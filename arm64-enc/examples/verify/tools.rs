//! The other assemblers and how they are asked.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Result, UNKNOWN};

/// All of Armv8.5 and the hints that LLVM names only on request.
const LLVM_FEATURES: &str = "-mattr=+v8.5a,+lse,+crc,+pauth,+bti,+ssbs,+spe,+aes,+sha2,+sha3,+sm4,+rdm,+dotprod,+i8mm,+cssc,+complxnum,+bf16";
const GNU_ARCH: &str =
    "-march=armv8.5-a+crc+profile+sme+aes+sha2+sha3+sm4+rdma+dotprod+i8mm+cssc+compnum+bf16";

/// The programs.
pub(crate) struct Tools {
    llvm_mc: PathBuf,
    gnu_as: PathBuf,
    gnu_objcopy: PathBuf,
    /// A folder for files between them.
    dir: PathBuf,
    pub(crate) llvm_version: String,
    pub(crate) gnu_version: String,
}

/// What an assembler made of a line.
#[derive(Clone, Debug)]
pub(crate) enum Assembled {
    Word(u32),
    Refused(String),
}

impl Assembled {
    pub(crate) fn word(&self) -> Option<u32> {
        match self {
            Assembled::Word(word) => Some(*word),
            Assembled::Refused(_) => None,
        }
    }
}

/// What a program printed.
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program with this input. That it fails means only that it refused a part of the input.
fn pipe(command: &mut Command, input: &str) -> Result<Output> {
    let error = |e: std::io::Error| format!("cannot run a tool: {e}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(error)?;
    let mut stdin = child.stdin.take().ok_or("a tool has no input")?;
    // Both ends at once, or the pipes fill up.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that stops reading says why itself.
            let _ = stdin.write_all(input.as_bytes());
        });
        child.wait_with_output()
    });
    let output = output.map_err(error)?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Output { stdout: text(output.stdout), stderr: text(output.stderr) })
}

impl Tools {
    /// LLVM's assembler, GNU's, its `objcopy`, and a folder for files between them.
    pub(crate) fn new(paths: [&str; 4]) -> Result<Tools> {
        let [llvm_mc, gnu_as, gnu_objcopy, dir] = paths.map(PathBuf::from);
        let version = |program: &PathBuf, line: usize| {
            let mut command = Command::new(program);
            let text = pipe(command.arg("--version"), "")?.stdout;
            Ok::<_, String>(text.lines().nth(line).unwrap_or_default().trim().to_owned())
        };
        let (llvm_version, gnu_version) = (version(&llvm_mc, 0)?, version(&gnu_as, 0)?);
        std::fs::create_dir_all(&dir)
            .map_err(|e| format!("cannot create {}: {e}", dir.display()))?;
        Ok(Tools { llvm_mc, gnu_as, gnu_objcopy, dir, llvm_version, gnu_version })
    }

    fn llvm(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.llvm_mc);
        command.args(["-triple=aarch64", LLVM_FEATURES]).args(words);
        command
    }

    /// LLVM's text of each word.
    pub(crate) fn disassemble(&self, words: &[u32], options: &[&str]) -> Result<Vec<String>> {
        let mut input = String::new();
        for word in words {
            let [a, b, c, d] = word.to_le_bytes();
            input.push_str(&format!("0x{a:02x} 0x{b:02x} 0x{c:02x} 0x{d:02x}\n"));
        }
        let mut llvm = self.llvm(&["--disassemble"]);
        llvm.args(options);
        let output = pipe(&mut llvm, &input)?;
        let invalid = messages(&output.stderr, "warning: ");
        let mut texts = output
            .stdout
            .lines()
            .filter(|line| !line.trim_start().starts_with('.') && !line.trim().is_empty());
        let mut all = Vec::with_capacity(words.len());
        for line in 1..=words.len() {
            if invalid.get(&line).is_some_and(|message| message.contains("invalid instruction")) {
                all.push(UNKNOWN.to_owned());
            } else {
                let text = texts.next().ok_or("llvm-mc printed too few lines")?;
                let text = text.split("//").next().unwrap_or_default();
                all.push(text.trim().replace('\t', " "));
            }
        }
        if texts.next().is_some() {
            return Err("llvm-mc printed too many lines".to_owned());
        }
        Ok(all)
    }

    /// The word that LLVM makes of each line; lines that are no instruction are refused without asking.
    pub(crate) fn assemble_llvm(&self, lines: &[&str]) -> Result<Vec<Assembled>> {
        let mut input = String::new();
        for line in lines {
            input.push_str(if *line == UNKNOWN { "" } else { line });
            input.push('\n');
        }
        let output = pipe(&mut self.llvm(&["-show-encoding"]), &input)?;
        let refused = messages(&output.stderr, "error: ");
        let mut words = output.stdout.lines().filter_map(encoding);
        let mut all = Vec::with_capacity(lines.len());
        for (i, line) in lines.iter().enumerate() {
            all.push(match (*line, refused.get(&(i + 1))) {
                (UNKNOWN, _) => Assembled::Refused(String::new()),
                (_, Some(message)) => Assembled::Refused(message.clone()),
                (line, None) => {
                    Assembled::Word(words.next().ok_or_else(|| format!("no encoding of `{line}`"))?)
                }
            });
        }
        Ok(all)
    }

    /// The word that GNU as makes of each line; empty lines are refused without asking.
    pub(crate) fn assemble_gnu(&self, lines: &[&str]) -> Result<Vec<Assembled>> {
        let (object, binary) = (self.dir.join("gnu.o"), self.dir.join("gnu.bin"));
        let mut refused: BTreeMap<usize, String> = BTreeMap::new();
        // An error leaves no output at all: what was refused is left out the second time.
        for _ in 0..2 {
            let mut input = String::new();
            for (i, line) in lines.iter().enumerate() {
                let skip = line.is_empty() || *line == UNKNOWN || refused.contains_key(&(i + 1));
                input.push_str(if skip { ".inst 0" } else { line });
                input.push('\n');
            }
            let mut gnu = Command::new(&self.gnu_as);
            gnu.args([GNU_ARCH, "-o"]).arg(&object).arg("-");
            let output = pipe(&mut gnu, &input)?;
            let errors = messages(&output.stderr, "Error: ");
            if errors.is_empty() {
                break;
            }
            refused.extend(errors);
        }
        let mut objcopy = Command::new(&self.gnu_objcopy);
        objcopy.args(["-O", "binary", "-j", ".text"]).arg(&object).arg(&binary);
        pipe(&mut objcopy, "")?;
        let bytes =
            std::fs::read(&binary).map_err(|e| format!("cannot read {}: {e}", binary.display()))?;
        if bytes.len() != 4 * lines.len() {
            return Err(format!("GNU as made {} bytes of {} lines", bytes.len(), lines.len()));
        }
        let words = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        Ok(words
            .enumerate()
            .map(|(i, word)| match refused.get(&(i + 1)) {
                Some(message) => Assembled::Refused(message.clone()),
                None => Assembled::Word(word),
            })
            .collect())
    }
}

/// The messages of a kind by line: `<stdin>:12:5: error: text`, `{standard input}:12: Error: text`.
fn messages(stderr: &str, kind: &str) -> BTreeMap<usize, String> {
    let mut all = BTreeMap::new();
    for line in stderr.lines() {
        let Some((place, message)) = line.split_once(kind) else { continue };
        let Some(number) = place.split(':').nth(1).and_then(|number| number.trim().parse().ok())
        else {
            continue;
        };
        all.entry(number).or_insert_with(|| message.to_owned());
    }
    all
}

/// The word in `… // encoding: [0x20,0x04,0x00,0x91]`.
fn encoding(line: &str) -> Option<u32> {
    let (_, bytes) = line.split_once("encoding: [")?;
    let mut word = 0;
    for (i, byte) in bytes.trim_end_matches(']').split(',').enumerate() {
        let byte = u32::from_str_radix(byte.trim().trim_start_matches("0x"), 16).ok()?;
        word |= byte << (8 * i);
    }
    Some(word)
}
