//! The hash functions FNV-1a, with 32 and 64 bits.

const BASIS_32: u32 = 0x811c_9dc5;
const PRIME_32: u32 = 0x0100_0193;
const BASIS_64: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME_64: u64 = 0x0000_0100_0000_01b3;

fn hash32(bytes: &[u8]) -> u32 {
    let mut hash = BASIS_32;
    for &byte in bytes {
        hash = (hash ^ u32::from(byte)).wrapping_mul(PRIME_32);
    }
    hash
}

fn hash64(bytes: &[u8]) -> u64 {
    let mut hash = BASIS_64;
    for &byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME_64);
    }
    hash
}

fn show(text: &str) {
    let bytes = text.as_bytes();
    println!("{text:>12}  {:08x}  {:016x}", hash32(bytes), hash64(bytes));
}

fn main() {
    show("");
    show("a");
    show("foobar");
    show("jitsu");
    let mut buffer = [0u8; 4096];
    for (i, byte) in buffer.iter_mut().enumerate() {
        *byte = (i * 7 + i / 256) as u8;
    }
    let mut total = 0u64;
    for round in 0..100 {
        buffer[0] = round;
        total ^= hash64(&buffer).rotate_left(u32::from(round));
    }
    println!("{:>12}  {total:016x}", "4 KiB x 100");
}
