package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Report is a whole run.
type Report struct {
	At       time.Time         `json:"at"`
	Took     string            `json:"took"`
	Commit   string            `json:"commit"`
	Machine  Machine           `json:"machine"`
	Versions map[string]string `json:"versions"`
	Figures  []Figure          `json:"figures"`
	Failed   []string          `json:"failed,omitempty"` // parts that could not measure, and why
}

// Machine is what it ran on.
type Machine struct {
	Cores     int     `json:"cores"`
	CPU       string  `json:"cpu,omitempty"`
	Memory    string  `json:"memory,omitempty"`
	System    string  `json:"system"`
	LoadAt    float64 `json:"loadBefore"` // the load average of the minute before the run
	LoadAfter float64 `json:"loadAfter"`
}

// quiet is the largest load average before a run that leaves the machine to it.
const quiet = 0.5

// Quiet is true when others left the machine to the run.
func (m Machine) Quiet() bool { return m.LoadAt <= quiet }

// New is an empty report of this machine, now.
func New(ctx context.Context) *Report {
	return &Report{
		At: time.Now().
			UTC().
			Truncate(time.Second),
		Commit: output(ctx, "git", "describe", "--always", "--dirty", "--exclude=*"),
		Machine: Machine{
			Cores:  runtime.NumCPU(),
			CPU:    line("/proc/cpuinfo", "model name"),
			Memory: line("/proc/meminfo", "MemTotal"),
			System: runtime.GOOS + "/" + runtime.GOARCH,
			LoadAt: load(),
		},
		Versions: versions(ctx),
	}
}

// Finish notes what is known only at the end.
func (r *Report) Finish() {
	r.Took = time.Since(r.At).Round(time.Second).String()
	r.Machine.LoadAfter = load()
}

// Encode is the report as JSON.
func (r *Report) Encode() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(r)
	return text.Bytes(), err
}

// Write writes the report to a file.
func (r *Report) Write(path string) error {
	text, err := r.Encode()
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644) //nolint:gosec // everybody may read it
}

// Read reads a report.
func Read(path string) (*Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s is no report of the benchmarks: %w", path, err)
	}
	return &r, nil
}

func versions(ctx context.Context) map[string]string {
	found := map[string]string{"Go": runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "go.temporal.io/sdk" {
				found["Temporal's SDK"] = module.Version
			}
		}
	}
	server := output(ctx, "go", "list", "-C", "devserver", "-m", "-f", "{{.Version}}", "go.temporal.io/server")
	found["Temporal's server"] = server
	return found
}

// output is what a command says; "unknown" when it fails.
func output(ctx context.Context, name string, arguments ...string) string {
	out, err := exec.CommandContext(ctx, name, arguments...).Output() //nolint:gosec // the callers name what they run
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// line is the value of the first line of a file that begins with a key, where the system has such a file.
func line(path, key string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for found := range strings.Lines(string(text)) {
		if name, value, is := strings.Cut(found, ":"); is && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// load is the load average of the last minute, where the system says it.
func load() (average float64) {
	text, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		_, _ = fmt.Sscan(string(text), &average)
	}
	return average
}
