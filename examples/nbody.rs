//! The planets' orbits, by the symplectic integrator of the benchmarks game.

use std::f64::consts::PI;

const SOLAR_MASS: f64 = 4.0 * PI * PI;
const DAYS: f64 = 365.24;
const BODIES: usize = 5;

#[derive(Clone, Copy)]
struct Body {
    position: [f64; 3],
    velocity: [f64; 3],
    mass: f64,
}

const SUN: Body = Body { position: [0.0; 3], velocity: [0.0; 3], mass: SOLAR_MASS };

const JUPITER: Body = Body {
    position: [4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01],
    velocity: [1.66007664274403694e-03 * DAYS, 7.69901118419740425e-03 * DAYS, -6.90460016972063023e-05 * DAYS],
    mass: 9.54791938424326609e-04 * SOLAR_MASS,
};

const SATURN: Body = Body {
    position: [8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01],
    velocity: [-2.76742510726411852e-03 * DAYS, 4.99852801234917238e-03 * DAYS, 2.30417297573763929e-05 * DAYS],
    mass: 2.85885980666130812e-04 * SOLAR_MASS,
};

const URANUS: Body = Body {
    position: [1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01],
    velocity: [2.96460137564761618e-03 * DAYS, 2.37847173959480950e-03 * DAYS, -2.96589568540237556e-05 * DAYS],
    mass: 4.36624404335156298e-05 * SOLAR_MASS,
};

const NEPTUNE: Body = Body {
    position: [1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01],
    velocity: [2.68067772490389322e-03 * DAYS, 1.62824170038242295e-03 * DAYS, -9.51592254519715870e-05 * DAYS],
    mass: 5.15138902046611451e-05 * SOLAR_MASS,
};

/// Gives the sun the velocity that leaves the whole system at rest.
fn offset_momentum(bodies: &mut [Body; BODIES]) {
    let mut momentum = [0.0; 3];
    for body in bodies.iter() {
        for axis in 0..3 {
            momentum[axis] += body.velocity[axis] * body.mass;
        }
    }
    for axis in 0..3 {
        bodies[0].velocity[axis] = -momentum[axis] / SOLAR_MASS;
    }
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn distance(a: &Body, b: &Body) -> [f64; 3] {
    [a.position[0] - b.position[0], a.position[1] - b.position[1], a.position[2] - b.position[2]]
}

fn energy(bodies: &[Body; BODIES]) -> f64 {
    let mut sum = 0.0;
    for i in 0..BODIES {
        let body = &bodies[i];
        sum += 0.5 * body.mass * dot(&body.velocity, &body.velocity);
        for other in &bodies[i + 1..] {
            let d = distance(body, other);
            sum -= body.mass * other.mass / dot(&d, &d).sqrt();
        }
    }
    sum
}

fn advance(bodies: &mut [Body; BODIES], dt: f64) {
    for i in 0..BODIES {
        for j in i + 1..BODIES {
            let d = distance(&bodies[i], &bodies[j]);
            let squared = dot(&d, &d);
            let magnitude = dt / (squared * squared.sqrt());
            let (towards, back) = (bodies[j].mass * magnitude, bodies[i].mass * magnitude);
            for axis in 0..3 {
                bodies[i].velocity[axis] -= d[axis] * towards;
                bodies[j].velocity[axis] += d[axis] * back;
            }
        }
    }
    for body in bodies.iter_mut() {
        for axis in 0..3 {
            body.position[axis] += dt * body.velocity[axis];
        }
    }
}

fn simulate(steps: u32) -> f64 {
    let mut bodies = [SUN, JUPITER, SATURN, URANUS, NEPTUNE];
    offset_momentum(&mut bodies);
    println!("{:.9}", energy(&bodies));
    for _ in 0..steps {
        advance(&mut bodies, 0.01);
    }
    energy(&bodies)
}

fn main() {
    println!("{:.9}", simulate(3_000));
}
