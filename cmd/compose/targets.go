package compose

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"curfew/activities/group"
	"curfew/activities/kinds"
	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/internal/people"
)

// Answer is what a target said when it was asked whether it can be used.
type Answer struct {
	Target string `json:"target"`
	Kind   string `json:"kind"`
	Fault  string `json:"fault,omitempty"` // why it can't
	Used   int    `json:"used,omitempty"`  // places that are taken, where the target has a limit
	Max    int    `json:"max,omitempty"`
	// Warnings are what its entitlements let their holders do, and the templates say is known.
	Warnings []string `json:"warnings,omitempty"`
}

// askWithin bounds the call of one target.
const askWithin = 15 * time.Second

// AskTargets tries the credentials of every target and directory, all at once, and changes nothing.
func AskTargets(ctx context.Context, configured *config.Config) []Answer {
	asks := asksOf(configured)
	open, faults := kinds.OpenTargets(asks)
	answers := make([]Answer, 0, len(asks))
	for _, name := range slices.Sorted(maps.Keys(asks)) {
		answer := Answer{Target: name, Kind: asks[name].Kind}
		if fault, broken := faults[name]; broken {
			answer.Fault = fault.Error()
		}
		answers = append(answers, answer)
	}
	var all sync.WaitGroup
	for i := range answers {
		if asked, ok := open[answers[i].Target]; ok {
			all.Go(func() { ask(ctx, asked, configured, &answers[i]) })
		}
	}
	all.Wait()
	return answers
}

// directoriesStart goes before the name of a directory among targets.
const directoriesStart = "directories."

// asksOf are all targets and directories.
func asksOf(configured *config.Config) map[string]config.Target {
	asks := map[string]config.Target{}
	maps.Copy(asks, configured.Targets)
	for name, directory := range configured.Directories {
		asks[directoriesStart+name] = config.Target{Kind: directory.Kind, Settings: directory.Settings}
	}
	return asks
}

// seenOn are those on a target whose access has to be seen to go, or the groups of a directory whose members have to be
// seen.
func seenOn(configured *config.Config, name string) (all []json.RawMessage) {
	if directory, is := strings.CutPrefix(name, directoriesStart); is {
		for _, group := range slices.Sorted(maps.Keys(configured.Groups)) {
			if configured.Groups[group].Directory == directory {
				all = append(all, configured.Groups[group].Spec)
			}
		}
		return all
	}
	for _, template := range slices.Sorted(maps.Keys(configured.Templates)) {
		for _, entitlement := range configured.Templates[template].Entitlements {
			if entitlement.Target == name && entitlement.ReadBack == "" {
				all = append(all, entitlement.Spec)
			}
		}
	}
	return all
}

func ask(ctx context.Context, asked target.Target, configured *config.Config, answer *Answer) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	warnings, err := asked.Check(ctx, configured.EntitlementsOn(answer.Target))
	answer.Warnings = warnings
	if err != nil {
		answer.Fault = strings.ReplaceAll(err.Error(), "\n", "; ")
		return
	}
	if err := checkProof(ctx, asked, seenOn(configured, answer.Target)); err != nil {
		answer.Fault = err.Error()
		return
	}
	teller, ok := asked.Connector.(target.CapacityTeller)
	if !ok {
		return
	}
	capacity, err := teller.Capacity(ctx)
	if err != nil {
		answer.Fault = err.Error()
		return
	}
	answer.Used, answer.Max = capacity.Used, capacity.Max
}

// checkProof refuses a target at which access of the templates could not be seen to go.
func checkProof(ctx context.Context, asked target.Target, entitlements []json.RawMessage) error {
	checker, ok := asked.Connector.(target.ProofChecker)
	if !ok {
		return nil
	}
	for _, entitlement := range entitlements {
		if err := checker.CheckProof(ctx, entitlement); err != nil {
			return err
		}
	}
	return nil
}

// groups asks the directories that this process has the credentials of.
func groups(configured *config.Config, sightings ledger.Sightings) (*group.Groups, error) {
	asked := maps.Clone(configured.Directories)
	maps.DeleteFunc(asked, func(_ string, directory people.GroupSystem) bool { return directory.Settings == nil })
	open, err := kinds.OpenDirectories(asked)
	directories := map[string]group.Directory{}
	for name, directory := range open {
		directories[name] = directory
	}
	return group.New(directories, sightings), err
}
