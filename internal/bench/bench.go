// Package bench measures a whole Curfew, and beside each figure what the same Temporal server needs for the least that
// does the same. docs/performance.md is made from what it finds.
package bench

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"time"

	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

// patience is far longer than anything takes that is waited for at the target.
const patience = 20 * time.Minute

// Sizes say how much is measured.
type Sizes struct {
	Starts       int           // how often everything is started
	Life         time.Duration // how long the access lasts whose actions are counted
	Lives        int           // how many whole lives there are
	Bursts       []int         // how many ask at the same moment
	BurstSamples int           // a burst is repeated until so many have asked
	Singles      int           // how many approvals and webhooks there are, one after the other
	Ends         []int         // how many deadlines there are within one second
	Asleep       int           // how many grants are asleep
	AsleepEnds   int           // how many deadlines there are within one second meanwhile
	FloodEnds    int           // how many deadlines there are within one second of a flood
	Ask          time.Duration // how much time one request is given, where many are asked for before a common deadline
}

// Options of a run.
type Options struct {
	Only   *regexp.Regexp // the names of the parts that run
	Sizes  Sizes
	Dir    string   // where databases and logs are kept
	Curfew string   // the program that is measured
	Bare   []string // the command that runs the worker of the floor
	Out    io.Writer
}

// run is one run.
type run struct {
	Options
	world  *world.World // of the part that runs
	part   string
	report *report.Report
}

// part measures figures of one kind, in a world of its own, so that no part depends on what others left behind.
type part struct {
	name       string
	people     func(Sizes) int // how many it needs who have asked for nothing
	responders int             // how many of them are on call
	sleeping   func(Sizes) int // how many templates it needs of those that world.Sleeping names
	measure    func(*run, context.Context) error
}

func parts() []part {
	return []part{
		{name: "start", people: func(s Sizes) int { return s.Starts }, measure: (*run).starts},
		{name: "life", people: func(Sizes) int { return 1 }, measure: (*run).life},
		{name: "lives", people: func(s Sizes) int { return 2*warming + s.Lives }, measure: (*run).lives},
		{name: "burst", people: peopleOfBursts, measure: (*run).bursts},
		{name: "approval", people: func(s Sizes) int { return s.Singles }, measure: (*run).approvals},
		{
			name: "webhook", people: func(s Sizes) int { return s.Singles },
			responders: mostResponders, measure: (*run).webhooks,
		},
		{name: "ends", people: func(s Sizes) int { return sum(s.Ends) }, measure: (*run).ends},
		{
			name: "asleep", people: func(s Sizes) int { return max(sleepers, mostBareAsleep) + s.AsleepEnds },
			sleeping: rolesAsleep, measure: (*run).asleep,
		},
		{name: "asks", people: func(s Sizes) int { return flooders + s.FloodEnds }, measure: (*run).floodOfAsks},
		{
			name: "webhooks", people: func(s Sizes) int { return flooders + s.FloodEnds },
			responders: flooders, measure: (*run).floodOfWebhooks,
		},
		{name: "core", measure: (*run).core},
	}
}

// Names are those of all parts.
func Names() (names []string) {
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// Run measures, and returns what it found. A part that fails is named in the report, and the others go on.
func Run(ctx context.Context, o Options) *report.Report {
	r := &run{Options: o, report: report.New(ctx)}
	for _, p := range parts() {
		if !o.Only.MatchString(p.name) {
			continue
		}
		began := time.Now()
		if err := r.measure(ctx, p); err != nil {
			r.report.Failed = append(r.report.Failed, fmt.Sprintf("%s: %v", p.name, err))
			r.say("%-9s failed: %v", p.name, err)
			continue
		}
		r.say("%-9s measured in %s", p.name, time.Since(began).Round(time.Second))
	}
	r.report.Finish()
	return r.report
}

func (r *run) measure(ctx context.Context, p part) (err error) {
	r.part = p.name
	if p.people == nil {
		return p.measure(r, ctx)
	}
	options := world.Options{
		Dir: filepath.Join(r.Dir, p.name), Curfew: r.Curfew, Bare: r.Bare,
		People: p.people(r.Sizes), Responders: min(p.responders, p.people(r.Sizes)),
	}
	if p.sleeping != nil {
		options.Sleeping = p.sleeping(r.Sizes)
	}
	r.world, err = world.Open(ctx, options)
	defer r.world.Close()
	if err != nil {
		return err
	}
	if r.report.Versions["PostgreSQL"], err = r.world.Target.Version(ctx); err != nil {
		return err
	}
	return p.measure(r, ctx)
}

func (r *run) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.Out, format+"\n", args...) // a closed terminal is no reason to stop
}

func (r *run) add(figure report.Figure) {
	figure.Part = r.part
	r.report.Figures = append(r.report.Figures, figure)
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}
