// Package plan draws from a seed what people ask for and what goes wrong meanwhile. It is pure: the same seed, length
// and number of requests make the same plan.
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
	Faults []FaultKind
}

// Plan is what is played. All instants are counted from its beginning.
type Plan struct {
	Seed     uint64        `json:"seed"`
	Length   time.Duration `json:"length"`
	Requests []Request     `json:"requests"`
	Faults   []Fault       `json:"faults"`
	Tries    []Try         `json:"tries"`
}

// FaultKind is what goes wrong.
type FaultKind string

// What can go wrong. A worker is drawn for each that is about one.
const (
	KillWorker        FaultKind = "kill-worker"
	StopWorker        FaultKind = "stop-worker" // SIGSTOP
	WrongClock        FaultKind = "wrong-clock" // a worker is started with a clock that is off by five minutes
	CutWorker         FaultKind = "cut-worker"  // one worker's connections to one target are silent
	KillServer        FaultKind = "kill-server"
	StopServer        FaultKind = "stop-server"
	KillLedger        FaultKind = "kill-ledger" // and another one takes over: the same data, a moment later
	SilenceLedger     FaultKind = "silence-ledger"
	FillDisk          FaultKind = "fill-disk" // of the ledger
	ForgetConnections FaultKind = "forget-connections"
	KillTemporal      FaultKind = "kill-temporal"
	StopTemporal      FaultKind = "stop-temporal"
	KillTarget        FaultKind = "kill-target"
	SilenceTarget     FaultKind = "silence-target"
	LoseReplies       FaultKind = "lose-replies"
	LieAboutIt        FaultKind = "lie"
	DisturbJira       FaultKind = "disturb-jira"
	Rewrite           FaultKind = "rewrite-configuration"
)

// All are the faults that there are.
func All() []FaultKind {
	return []FaultKind{
		KillWorker,
		StopWorker,
		WrongClock,
		CutWorker,
		KillServer,
		StopServer,
		KillLedger,
		SilenceLedger,
		FillDisk,
		ForgetConnections,
		KillTemporal,
		StopTemporal,
		KillTarget,
		SilenceTarget,
		LoseReplies,
		LieAboutIt,
		DisturbJira,
		Rewrite,
	}
}

// Fault is what goes wrong at one time.
type Fault struct {
	Kind FaultKind     `json:"kind"`
	At   time.Duration `json:"at"`
	For  time.Duration `json:"for"`
	// Which draws among what it can hit: workers, targets, ways.
	Which uint32 `json:"which"`
}

func (f Fault) end() time.Duration { return f.At + f.For }

// spans are the shortest and the longest that a fault lasts, in seconds.
var spans = map[FaultKind][2]int{
	KillWorker: {
		1,
		10,
	},
	StopWorker:        {5, 60},
	WrongClock:        {20, 40},
	CutWorker:         {5, 30},
	KillServer:        {1, 8},
	StopServer:        {5, 20},
	KillLedger:        {1, 12},
	SilenceLedger:     {5, 20},
	FillDisk:          {5, 20},
	ForgetConnections: {5, 30},
	KillTemporal:      {1, 15},
	StopTemporal:      {5, 30},
	KillTarget:        {1, 10},
	SilenceTarget:     {5, 20},
	LoseReplies:       {3, 10},
	LieAboutIt:        {3, 10},
	DisturbJira:       {5, 30},
	Rewrite:           {5, 20},
}

const (
	// warmUp is before anything goes wrong.
	warmUp = 10 * time.Second
	// quietAfter is for how long what is over still counts as wrong.
	quietAfter = 20 * time.Second
	// usual is how long a request waits for its approval and its access when nothing is wrong.
	usual = 3 * time.Second
)

// New draws a plan.
func New(o Options) Plan {
	random := rand.New(rand.NewPCG(o.Seed, 0x63757266657731)) //nolint:gosec // nobody bets on it
	p := Plan{Seed: o.Seed, Length: o.Length}
	p.Faults = bursts(random, o)
	draw := drawing{Rand: random, options: o, quiet: quiet(p.Faults, o.Length)}
	p.Requests = draw.requests()
	p.Tries = draw.tries()
	return p
}

// bursts are faults with quiet between them that is long enough to count as such. Every other burst has one
// fault alone, because what several at once allow is less strict.
func bursts(random *rand.Rand, o Options) (faults []Fault) {
	if len(o.Faults) == 0 {
		return nil
	}
	cycle := &cycle{Rand: random, all: o.Faults}
	for at := warmUp + seconds(random, 0, 10); at < o.Length-5*time.Second; {
		begin, end := at, at
		for range 1 + max(0, random.IntN(6)-2) {
			kind := cycle.draw()
			span := spans[kind]
			f := Fault{
				Kind:  kind,
				At:    begin + seconds(random, 0, 12),
				For:   seconds(random, span[0], span[1]),
				Which: random.Uint32(),
			}
			faults = append(faults, f)
			end = max(end, f.end())
		}
		at = end + quietAfter + seconds(random, 8, 25)
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return int(a.At - b.At) })
	return faults
}

// cycle gives each fault once before it gives one twice, so that a plan that is long enough has them all.
type cycle struct {
	*rand.Rand
	all, left []FaultKind
}

func (b *cycle) draw() FaultKind {
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

// quiet are the stretches in which an end has nothing wrong within 20 s before it.
func quiet(faults []Fault, length time.Duration) (found []stretch) {
	from := time.Duration(0)
	for _, t := range faults {
		if t.At > from {
			found = append(found, stretch{from, t.At})
		}
		from = max(from, t.end()+quietAfter)
	}
	return append(found, stretch{from, max(from, length) + quietAfter})
}

func seconds(random *rand.Rand, from, to int) time.Duration {
	return time.Duration(from)*time.Second + time.Duration(random.Int64N(int64(max(1, to-from))*int64(time.Second)))
}
