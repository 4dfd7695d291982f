// Package report is what a run of the benchmarks says: figures beside their floors, the machine, and what got worse
// since another run. It computes and writes; it measures nothing.
package report

import (
	"slices"
	"time"
)

// Units of figures.
const (
	Milliseconds = "ms"
	Microseconds = "µs"
	PerSecond    = "/s" // the only unit of which more is better
	Kilobytes    = "KB"
	Megabytes    = "MB"
	Events       = "events"
	Actions      = "actions"
	Percent      = "%"
)

// Figure is one thing that was measured.
type Figure struct {
	Name string `json:"name"` // the same in every run: figures are compared by it
	// Part is the part of the program that measured it.
	Part  string `json:"part"`
	Title string `json:"title"` // for people
	Unit  string `json:"unit"`
	Measure
	// Floor is what the server needs for the least that does the same.
	Floor *Floor `json:"floor,omitempty"`
	How   string `json:"how,omitempty"` // what a reader has to know of it
}

// Floor is measured in the same run on the same server.
type Floor struct {
	What string `json:"what"`
	Measure
}

// Measure is one value, or percentiles of many.
type Measure struct {
	N    int     `json:"n"`
	Is   float64 `json:"is,omitempty"`
	P50  float64 `json:"p50,omitempty"`
	P99  float64 `json:"p99,omitempty"`
	Most float64 `json:"most,omitempty"`
}

// Lengths are percentiles of lengths of time, in milliseconds.
func Lengths(samples []time.Duration) Measure {
	milliseconds := make([]float64, len(samples))
	for i, sample := range samples {
		milliseconds[i] = float64(sample.Microseconds()) / 1000
	}
	return Percentiles(milliseconds)
}

// Percentiles are the smallest of the values that half of them, or 99 of 100, do not exceed; and the largest.
func Percentiles(values []float64) Measure {
	if len(values) == 0 {
		return Measure{}
	}
	sorted := slices.Sorted(slices.Values(values))
	at := func(percent int) float64 { return sorted[max(0, (len(sorted)*percent+99)/100-1)] }
	return Measure{N: len(sorted), P50: at(50), P99: at(99), Most: at(100)}
}

// Value is one value, made of a number of things.
func Value(is float64, n int) Measure { return Measure{N: n, Is: is} }
