// Package plan draws from a seed what people ask for and what goes wrong meanwhile. It is pure: the same seed, length and
// number of requests make the same plan.
package plan

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Options of a plan.
type Options struct {
	Seed     uint64
	Length   time.Duration // until the last request is asked for and the last fault begins, about
	Requests int
	// Faults are the kinds that can be played here.
	Faults []Fault
}

// Plan is what is played. All instants are counted from its beginning.
type Plan struct {
	Seed     uint64        `json:"seed"`
	Length   time.Duration `json:"length"`
	Requests []Request     `json:"requests"`
	Faults   []Trouble     `json:"faults"`
	Tries    []Try         `json:"tries"`
}

// Fault is a kind of trouble.
type Fault string

// What can go wrong. A worker is drawn for each that is about one.
const (
	KillWorker    Fault = "kill-worker"
	StopWorker    Fault = "stop-worker" // SIGSTOP
	WrongClock    Fault = "wrong-clock" // a worker is started with a clock that is off by five minutes
	CutWorker     Fault = "cut-worker"  // one worker's connections to one target are silent
	KillServer    Fault = "kill-server"
	StopServer    Fault = "stop-server"
	KillLedger    Fault = "kill-ledger" // and another one takes over: the same data, a moment later
	SilenceLedger Fault = "silence-ledger"
	FillDisk      Fault = "fill-disk" // of the ledger
	ForgetLines   Fault = "forget-connections"
	KillTemporal  Fault = "kill-temporal"
	StopTemporal  Fault = "stop-temporal"
	KillTarget    Fault = "kill-target"
	SilenceTarget Fault = "silence-target"
	LoseReplies   Fault = "lose-replies"
	LieAboutIt    Fault = "lie"
	TroubleJira   Fault = "trouble-jira"
	Rewrite       Fault = "rewrite-configuration"
)

// All are the faults that there are.
func All() []Fault {
	return []Fault{
		KillWorker, StopWorker, WrongClock, CutWorker, KillServer, StopServer, KillLedger, SilenceLedger, FillDisk, ForgetLines,
		KillTemporal, StopTemporal, KillTarget, SilenceTarget, LoseReplies, LieAboutIt, TroubleJira, Rewrite,
	}
}

// Trouble is one fault at one time.
type Trouble struct {
	Fault Fault         `json:"fault"`
	At    time.Duration `json:"at"`
	For   time.Duration `json:"for"`
	// Which draws among what it can hit: workers, targets, ways.
	Which uint32 `json:"which"`
}

func (t Trouble) end() time.Duration { return t.At + t.For }

// spans are the shortest and the longest that a fault lasts, in seconds.
var spans = map[Fault][2]int{
	KillWorker: {1, 10}, StopWorker: {5, 60}, WrongClock: {20, 40}, CutWorker: {5, 30}, KillServer: {1, 8}, StopServer: {5, 20},
	KillLedger: {1, 12}, SilenceLedger: {5, 20}, FillDisk: {5, 20}, ForgetLines: {5, 30}, KillTemporal: {1, 15},
	StopTemporal: {5, 30}, KillTarget: {1, 10}, SilenceTarget: {5, 20}, LoseReplies: {3, 10}, LieAboutIt: {3, 10},
	TroubleJira: {5, 30}, Rewrite: {5, 20},
}

const (
	// warmUp is before anything goes wrong.
	warmUp = 10 * time.Second
	// calmAfter is for how long what is over still counts as wrong.
	calmAfter = 20 * time.Second
	// usual is how long a request waits for its approval and its access when nothing is wrong.
	usual = 3 * time.Second
)

// New draws a plan.
func New(o Options) Plan {
	random := rand.New(rand.NewPCG(o.Seed, 0x63757266657731)) //nolint:gosec // nobody bets on it
	p := Plan{Seed: o.Seed, Length: o.Length}
	p.Faults = storms(random, o)
	draw := drawing{Rand: random, options: o, calm: calm(p.Faults, o.Length)}
	p.Requests = draw.requests()
	p.Tries = draw.tries()
	return p
}

// storms are faults in bunches, with calm between them that is long enough to count as such. Every other bunch has one
// fault alone, because what several at once allow is less strict.
func storms(random *rand.Rand, o Options) (faults []Trouble) {
	if len(o.Faults) == 0 {
		return nil
	}
	bag := &bag{Rand: random, all: o.Faults}
	for at := warmUp + seconds(random, 0, 10); at < o.Length-5*time.Second; {
		begin, end := at, at
		for range 1 + max(0, random.IntN(6)-2) {
			fault := bag.draw()
			span := spans[fault]
			t := Trouble{Fault: fault, At: begin + seconds(random, 0, 12), For: seconds(random, span[0], span[1]), Which: random.Uint32()}
			faults = append(faults, t)
			end = max(end, t.end())
		}
		at = end + calmAfter + seconds(random, 8, 25)
	}
	slices.SortStableFunc(faults, func(a, b Trouble) int { return int(a.At - b.At) })
	return faults
}

// bag gives each fault once before it gives one twice, so that a plan that is long enough has them all.
type bag struct {
	*rand.Rand
	all, left []Fault
}

func (b *bag) draw() Fault {
	if len(b.left) == 0 {
		b.left = slices.Clone(b.all)
		b.Shuffle(len(b.left), func(i, j int) { b.left[i], b.left[j] = b.left[j], b.left[i] })
	}
	fault := b.left[0]
	b.left = b.left[1:]
	return fault
}

// stretch is a part of the plan.
type stretch struct{ from, to time.Duration }

// calm are the stretches in which an end has nothing wrong within 20 s before it.
func calm(faults []Trouble, length time.Duration) (found []stretch) {
	from := time.Duration(0)
	for _, t := range faults {
		if t.At > from {
			found = append(found, stretch{from, t.At})
		}
		from = max(from, t.end()+calmAfter)
	}
	return append(found, stretch{from, max(from, length) + calmAfter})
}

func seconds(random *rand.Rand, from, to int) time.Duration {
	return time.Duration(from)*time.Second + time.Duration(random.Int64N(int64(max(1, to-from))*int64(time.Second)))
}
