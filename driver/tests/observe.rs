//! What tools outside see of code: files of profilers, the debugger, the unwinder.

use std::path::{Path, PathBuf};

use driver::{Engine, EngineKind, Error, Func, Hosts, Options, ir};

fn module(text: &str) -> ir::Module {
    ir::parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// `outer` calls `middle`, that calls `inner`, that calls the host. Each keeps a value over its call.
const CHAIN: &str = "source \"chain.src\"
extern @host(i64) -> i64
fn @outer(i64) -> i64 {
block0(v0: i64):
  v1: i64 = call @middle(v0) @3:5
  v2: i64 = add v1, v0 @4:5
  ret v2
}
fn @middle(i64) -> i64 {
  slot0: size 20000, align 64
block0(v0: i64):
  v1: i64 = stack_addr slot0 @9:1
  store v0, v1 @9:9
  v2: i64 = call @inner(v0) @10:7
  v3: i64 = load v1 @11:1
  v4: i64 = add v2, v3 @12:1
  ret v4
}
fn @inner(i64) -> i64 {
block0(v0: i64):
  v1: i64 = add v0, v0 @20:3
  v2: i64 = call @host(v1) @21:9
  v3: i64 = mul v2, v0 @22:3
  ret v3
}
";

/// A folder of its own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("jitsu-observe-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn hosts() -> Hosts {
    let mut hosts = Hosts::new();
    hosts.add_closure("host", |_: &mut driver::Caller<'_>, x: i64| x + 1);
    hosts
}

fn options() -> Options {
    Options::default().engine(EngineKind::machine_code()).level(driver::Level::None)
}

fn file(folder: &Path, first: &str, last: &str) -> Vec<u8> {
    let path = folder.join(format!("{first}{}{last}", std::process::id()));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_perf_map_names_code() {
    let folder = folder("map");
    let options = options().perf_map(&folder);
    let engines = [(); 2].map(|()| Engine::new(module(CHAIN), &hosts(), &options).unwrap());
    for engine in engines {
        let outer: Func<i64, i64> = engine.func("outer").unwrap();
        assert_eq!(outer.call(3).unwrap(), 27);
    }
    let map = String::from_utf8(file(&folder, "perf-", ".map")).unwrap();
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for line in map.lines() {
        let mut words = line.splitn(3, ' ');
        let mut number = || u64::from_str_radix(words.next().unwrap(), 16).unwrap();
        let (start, size) = (number(), number());
        ranges.push((start, start + size));
    }
    ranges.sort_unstable();
    assert!(ranges.windows(2).all(|two| two[0].1 <= two[1].0), "{map}");
    for name in ["outer", "middle", "inner", "host (host)", "jitsu: stubs"] {
        // Both engines are in it.
        assert_eq!(
            map.lines().filter(|line| line.ends_with(&format!(" {name}"))).count(),
            2,
            "{name}\n{map}"
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// A reader of the format, from its specification.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }

    fn u32(&mut self) -> u32 {
        u32::from_ne_bytes(self.take(4).try_into().unwrap())
    }

    fn u64(&mut self) -> u64 {
        u64::from_ne_bytes(self.take(8).try_into().unwrap())
    }

    fn text(&mut self) -> String {
        let len = self.0.iter().position(|&byte| byte == 0).unwrap();
        let text = String::from_utf8(self.take(len).to_vec()).unwrap();
        self.take(1);
        text
    }
}

struct Load {
    name: String,
    address: u64,
    code: Vec<u8>,
    lines: Vec<(u64, u32, String)>,
}

fn read_jitdump(bytes: &[u8]) -> Vec<Load> {
    let mut reader = Reader(bytes);
    assert_eq!((reader.u32(), reader.u32()), (0x4a69_5444, 1));
    assert_eq!((reader.u32(), reader.u32(), reader.u32()), (40, 183, 0));
    assert_eq!(reader.u32(), std::process::id());
    let (mut time, flags) = (reader.u64(), reader.u64());
    assert_eq!(flags, 0);
    let (mut loads, mut lines): (Vec<Load>, Option<(u64, Vec<_>)>) = (Vec::new(), None);
    while !reader.0.is_empty() {
        let (number, size, at) = (reader.u32(), reader.u32(), reader.u64());
        assert!(at >= time, "time goes on");
        time = at;
        let mut record = Reader(reader.take(size as usize - 16));
        match number {
            0 => {
                assert_eq!(record.u32(), std::process::id());
                assert!(record.u32() > 0);
                let (vma, address, size, index) =
                    (record.u64(), record.u64(), record.u64(), record.u64());
                assert_eq!((vma, index), (address, loads.len() as u64));
                let name = record.text();
                let code = record.take(size as usize).to_vec();
                let lines = lines.take().map_or(Vec::new(), |(of, lines)| {
                    assert_eq!(of, address);
                    lines
                });
                loads.push(Load { name, address, code, lines });
            }
            2 => {
                let address = record.u64();
                let count = record.u64();
                let all = (0..count).map(|_| {
                    let (at, line, discriminator) = (record.u64(), record.u32(), record.u32());
                    assert_eq!(discriminator, 0);
                    (at, line, record.text())
                });
                let all = all.collect();
                assert!(lines.replace((address, all)).is_none());
            }
            number => panic!("record {number}"),
        }
        assert!(record.0.is_empty());
    }
    loads
}

#[test]
fn a_jitdump_has_code_and_lines() {
    let folder = folder("dump");
    let options = options().jitdump(&folder);
    let engine = Engine::new(module(CHAIN), &hosts(), &options).unwrap();
    let outer: Func<i64, i64> = engine.func("outer").unwrap();
    assert_eq!(outer.call(3).unwrap(), 27);
    let second =
        Engine::new(module("fn @alone() {\nblock0:\n  ret\n}"), &hosts(), &options).unwrap();
    // Profilers find the file by this.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let name = format!("jit-{}.dump", std::process::id());
    let marked = maps.lines().any(|line| line.contains("r-x") && line.contains(&name));
    assert!(marked || maps.is_empty(), "{maps}");
    drop((engine, second));

    let loads = read_jitdump(&file(&folder, "jit-", ".dump"));
    let find = |name: &str| loads.iter().find(|load| load.name == name).unwrap();
    assert_eq!(find("alone").code, 0xd65f_03c0_u32.to_le_bytes());
    let lines = |name: &str| -> Vec<u32> { find(name).lines.iter().map(|line| line.1).collect() };
    assert_eq!(lines("outer"), [3, 4]);
    assert_eq!(lines("middle"), [9, 10, 11, 12]);
    assert_eq!(lines("inner"), [20, 21, 22]);
    for load in &loads {
        let range = load.address..load.address + load.code.len() as u64;
        assert!(load.lines.iter().all(|(at, _, file)| range.contains(at) && file == "chain.src"));
    }
    // The call of line 21 is a `bl`.
    let inner = find("inner");
    let (start, end) = (inner.lines[1].0 - inner.address, inner.lines[2].0 - inner.address);
    let words = inner.code[start as usize..end as usize].chunks(4);
    let mut words = words.map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    assert!(words.any(|word| word & 0xfc00_0000 == 0x9400_0000));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let refused = |options: Options| match Engine::empty(&Hosts::new(), &options) {
        Err(error @ (Error::NotKept { .. } | Error::File { .. })) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let simulated = Options::default().engine(EngineKind::Simulator);
    assert!(refused(simulated.clone().debugger(true)).contains("`debugger`"));
    assert!(refused(simulated.clone().unwinder(true)).contains("`unwinder`"));
    let interpreted = Options::default().engine(EngineKind::Interpreter);
    assert!(refused(interpreted.clone().perf_map("/tmp")).contains("`perf_map`"));
    assert!(refused(interpreted.jitdump("/tmp")).contains("`jitdump`"));
    for options in [simulated.clone().perf_map("/no/where"), simulated.jitdump("/no/where")] {
        assert!(refused(options).contains("/no/where/"));
    }
}

/// A host function sees who called it through compiled frames.
#[cfg(target_arch = "aarch64")]
#[test]
fn a_backtrace_goes_through_compiled_frames() {
    use std::backtrace::Backtrace;
    use std::sync::{Arc, Mutex};

    #[inline(never)]
    fn calls_the_engine(outer: &Func<i64, i64>) -> i64 {
        std::hint::black_box(outer.call(3).unwrap())
    }

    for level in [driver::Level::None, driver::Level::Speed] {
        for unwinder in [false, true] {
            let seen = Arc::new(Mutex::new(String::new()));
            let sees = Arc::clone(&seen);
            let mut hosts = Hosts::new();
            hosts.add_closure("host", move |_: &mut driver::Caller<'_>, x: i64| {
                *sees.lock().unwrap() = Backtrace::force_capture().to_string();
                x + 1
            });
            let options = options().level(level).unwinder(unwinder);
            // Compiled when they are called, so that the compiler's entry is on the stack at times.
            let engine = Engine::empty(&hosts, &options).unwrap();
            engine.add(module(CHAIN)).unwrap();
            let outer: Func<i64, i64> = engine.func("outer").unwrap();
            for _ in 0..2 {
                assert_eq!(calls_the_engine(&outer), 27);
                let text = seen.lock().unwrap().clone();
                let reaches = ["calls_the_engine", "lang_start"].map(|name| text.contains(name));
                // Tests run on threads of their own.
                let reaches = reaches[0] && (reaches[1] || text.contains("thread"));
                assert_eq!(reaches, unwinder, "{text}");
            }
        }
    }
}

/// Tables come and go with their functions.
#[cfg(target_arch = "aarch64")]
#[test]
fn functions_that_are_observed_come_and_go() {
    let folder = folder("gone");
    let options = options().unwinder(true).debugger(true).perf_map(&folder).jitdump(&folder);
    let engine = Engine::empty(&hosts(), &options).unwrap();
    for turn in 0..200 {
        let all = engine.add(module(CHAIN)).unwrap();
        let outer: Func<i64, i64> = engine.func("outer").unwrap();
        assert_eq!(outer.call(turn).unwrap(), (2 * turn + 1) * turn + 2 * turn);
        all.into_iter().for_each(|function| engine.remove(function).unwrap());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// The program that a debugger looks at: run by the test below, in a process of its own.
#[cfg(target_arch = "aarch64")]
#[test]
fn child_of_the_debugger() {
    extern "C" fn stop_here(x: i64) -> i64 {
        std::hint::black_box(x) + 1
    }
    if std::env::var_os("JITSU_DEBUGGED").is_none() {
        return;
    }
    let mut hosts = Hosts::new();
    hosts.add("host", stop_here as extern "C" fn(i64) -> i64);
    let engine = Engine::new(module(CHAIN), &hosts, &options().debugger(true)).unwrap();
    let outer: Func<i64, i64> = engine.func("outer").unwrap();
    assert_eq!(outer.call(3).unwrap(), 27);
}

/// GDB, connected to QEMU's stub, shows names, lines and callers of compiled functions.
#[cfg(target_arch = "aarch64")]
#[test]
fn gdb_shows_names_and_lines() {
    use std::process::{Command, Stdio};

    let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !has("gdb-multiarch") || !has("qemu-aarch64-static") {
        return;
    }
    let port = (20_000 + std::process::id() % 20_000).to_string();
    let this = std::env::current_exe().unwrap();
    let mut child = Command::new("qemu-aarch64-static")
        .args(["-cpu", "max", "-g", &port])
        .arg(&this)
        .args(["--exact", "child_of_the_debugger", "--test-threads=1"])
        .env("JITSU_DEBUGGED", "1")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let remote = format!("target remote :{port}");
    let commands = [
        "set pagination off",
        "set confirm off",
        "set breakpoint pending on",
        &remote,
        "break inner",
        "continue",
        "backtrace",
        "info symbol $pc",
        "info line *$pc",
        // From the middle of the prologue, and at the return.
        "stepi",
        "backtrace 4",
        "finish",
        "backtrace 3",
        "kill",
    ];
    let mut gdb = Command::new("timeout");
    gdb.args(["200", "gdb-multiarch", "-nx", "-batch"]).arg(&this);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    let output = gdb.output().unwrap();
    let _ = child.kill();
    let _ = child.wait();
    let text = String::from_utf8_lossy(&output.stdout);
    let all = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let frame = |from: usize, name: &str, line: u32| {
        let found = text.lines().skip(from).position(|text_line| {
            text_line.contains(&format!("{name} ()"))
                && text_line.ends_with(&format!("chain.src:{line}"))
        });
        found.map(|at| from + at + 1).unwrap_or_else(|| panic!("{name} at {line}\n{all}"))
    };
    let at = frame(0, "inner", 20);
    let at = frame(at, "inner", 20);
    let at = frame(at, "middle", 10);
    let at = frame(at, "outer", 3);
    let caller = text.lines().skip(at).position(|line| line.contains("child_of_the_debugger"));
    assert!(caller.is_some(), "{all}");
}
