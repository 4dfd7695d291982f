// Package mutate shows that the tests of the promises can fail: it breaks one line of the product at a time, and runs
// the test that is named to notice.
package mutate

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Mutation is one line of the product, broken.
type Mutation struct {
	Promise string `yaml:"promise"` // which it breaks: P1 to P9
	Breaks  string `yaml:"breaks"`  // what the broken product does
	In      string `yaml:"in"`      // the file, from the root of the project
	From    string `yaml:"from"`    // what stands there, exactly once
	To      string `yaml:"to"`
	Package string `yaml:"package"` // of the test
	Test    string `yaml:"test"`    // which fails
}

//go:embed mutations.yaml
var list []byte

// All returns the mutations, in the order of the promises.
func All() ([]Mutation, error) {
	var all []Mutation
	decoder := yaml.NewDecoder(bytes.NewReader(list))
	decoder.KnownFields(true)
	err := decoder.Decode(&all)
	return all, err
}

// Broken returns the file with its one line broken. root is the project's folder.
func (m Mutation) Broken(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.In))
	if err != nil {
		return nil, err
	}
	if found := bytes.Count(text, []byte(m.From)); found != 1 {
		return nil, fmt.Errorf("%s: %q stands there %d times, not once", m.In, m.From, found)
	}
	return bytes.Replace(text, []byte(m.From), []byte(m.To), 1), nil
}

// Outcome is what became of a mutation.
type Outcome string

// The outcomes.
const (
	Killed   Outcome = "killed"    // the test failed
	Died     Outcome = "died"      // the test came to no end of its own: it panicked, or its time was over
	Survived Outcome = "survived"  // the test passed
	NotTried Outcome = "not tried" // the broken product does not compile, or no such test ran
)

// Result is one row of the table.
type Result struct {
	Mutation
	Outcome Outcome
	Took    time.Duration
	Output  string // of the test
}

// Try runs the named test on the broken product, for as long as limit. The files of the project stay as they are: the
// compiler is handed the broken file in the place of its own.
func (m Mutation) Try(ctx context.Context, root string, limit time.Duration) (Result, error) {
	overlay, done, err := m.overlay(root)
	if err != nil {
		return Result{}, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	//nolint:gosec // the arguments are the table's
	test := exec.CommandContext(
		ctx,
		"go",
		"test",
		"-count=1",
		"-v",
		"-failfast",
		"-timeout",
		limit.String(),
		"-run",
		"^"+m.Test+"$",
		m.Package,
	)
	test.Dir = root
	// Tests that build the product build the broken one.
	test.Env = append(os.Environ(), strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay))
	test.Cancel = func() error { return test.Process.Signal(os.Interrupt) }
	test.WaitDelay = 10 * time.Second
	output, err := test.CombinedOutput()
	result := Result{Mutation: m, Took: time.Since(began), Output: string(output)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		return result, err
	}
	result.Outcome = outcomeOf(m, result.Output, err != nil)
	return result, nil
}

func outcomeOf(m Mutation, output string, failed bool) Outcome {
	switch {
	case strings.Contains(output, "--- FAIL: "+m.Test+" ("):
		return Killed
	case failed && strings.Contains(output, "=== RUN   "+m.Test+"\n"):
		return Died
	case !failed && strings.Contains(output, "--- PASS: "+m.Test+" ("):
		return Survived
	default:
		return NotTried
	}
}

// overlay writes the broken file, and the list that tells the compiler of it.
func (m Mutation) overlay(root string) (file string, done func(), err error) {
	broken, err := m.Broken(root)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return "", nil, err
	}
	done = func() { _ = os.RemoveAll(dir) }
	source := filepath.Join(dir, filepath.Base(m.In))
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, m.In): source}})
	if err == nil {
		err = os.WriteFile(source, broken, 0o600)
	}
	file = filepath.Join(dir, "overlay.json")
	if err == nil {
		err = os.WriteFile(file, replaced, 0o600)
	}
	if err != nil {
		done()
		return "", nil, err
	}
	return file, done, nil
}
