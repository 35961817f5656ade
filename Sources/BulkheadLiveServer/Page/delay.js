// Decides how fast to play so that the delay stays small. It has no clock and no video: both are passed in.

/** In seconds of what must at least be buffered ahead: what is aimed at, and the most that stalls raise it to. */
const leastTarget = 0.4;
const mostTarget = 2;
/** How far above the target playing becomes faster, and much faster. */
const band = 0.45;
const wideBand = 1.5;
/** From so much on, time is left out. */
const limit = 4;
/** So long, in seconds, nothing may stall before less is aimed at. */
const calm = 30;

export class DelayControl {
    target = leastTarget;
    rate = 1;
    #mayChangeRate;
    #recent = [];
    #calmSince = 0;

    /** @param mayChangeRate where sound does not bear another speed, only leaps are left. */
    constructor(mayChangeRate = true) {
        this.#mayChangeRate = mayChangeRate;
    }

    /** Playing has stopped because nothing was left. `now` is in seconds. */
    stalled(now) {
        this.target = Math.min(mostTarget, this.target + 0.2);
        this.#calmSince = now;
        this.#recent = [];
        this.rate = 1;
    }

    /**
     * Called some times a second with what is buffered ahead, in seconds.
     * @returns {{rate: number, leap: boolean}} `leap`: go on at the target, and leave out what lies before.
     */
    decide(ahead, now) {
        if (now - this.#calmSince > calm) {
            this.target = Math.max(leastTarget, this.target - 0.1);
            this.#calmSince = now;
        }
        // Fragments come in steps: what counts is the least of the last second.
        this.#recent.push({ ahead, now });
        this.#recent = this.#recent.filter((one) => now - one.now <= 1);
        const least = Math.min(...this.#recent.map((one) => one.ahead));
        if (least > this.target + limit || (!this.#mayChangeRate && least > this.target + wideBand)) {
            this.forget();
            return { rate: 1, leap: true };
        }
        if (this.#mayChangeRate) {
            if (least > this.target + wideBand) this.rate = 1.1;
            else if (least <= this.target) this.rate = 1;
            else if (this.rate === 1.1 && least <= this.target + band) this.rate = 1.05;
            else if (this.rate === 1 && least > this.target + band) this.rate = 1.05;
        }
        return { rate: this.rate, leap: false };
    }

    /** What was buffered says nothing any more. */
    forget() {
        this.#recent = [];
        this.rate = 1;
    }
}
