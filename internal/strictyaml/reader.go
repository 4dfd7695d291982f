// Package strictyaml reads YAML into structs by their tags: strictly, so that a mistake is an error with file, line, field
// and remedy, and never a default that nobody asked for. Reading goes on after a mistake, so that all are told at once.
package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	// This module and not goccy/go-yaml, because its nodes carry the line and column of every key and value, so that
	// one pass can go on after a mistake; goccy's decoder stops at the first.
	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"curfew/workflows/contract"
)

const (
	maxFile  = 1 << 20
	maxDepth = 32 // of mappings and lists in each other
	// mostMistakes is more than a person reads, and bounds the work on a file that is no configuration.
	mostMistakes = 500

	composerStage = yaml.Stage("composer") // of the parser, where aliases are looked up
)

// Reader is one pass over one file. Mistakes are collected, and what they spoil is remembered, so that one mistake is
// reported once.
type Reader struct {
	File   string // as the caller named it
	Folder string // where its relative paths start, once it was read
	// Special decodes the types that the caller reads in ways of its own; false for any other.
	Special func(node *yaml.Node, into any, at Path) bool
	// Said is where something is written that a path leads to, when the file may say it somewhere else; nil when it
	// may not.
	Said func(at Path) Path
	// Secrets reads the references to secrets; nil to resolve them.
	Secrets  func(reference string, at Path) Secret
	Mistakes Errors

	root   *yaml.Node
	lines  []string        // of the file, to find a place within a value
	broken map[string]bool // paths whose value could not be used
}

// NewReader reads nothing yet.
func NewReader(file string) *Reader {
	return &Reader{File: file, root: &yaml.Node{}, broken: map[string]bool{}}
}

// Read goes from what would make the next step senseless to what would not: the text, then the language. It returns
// false when there is nothing to decode.
func (r *Reader) Read() (*yaml.Node, bool) {
	text := r.read()
	if len(r.Mistakes) > 0 {
		return nil, false
	}
	r.lines = strings.Split(string(text), "\n")
	r.parse(text)
	if len(r.Mistakes) > 0 {
		return nil, false
	}
	r.dialect(r.root)
	return r.root, len(r.Mistakes) == 0
}

func (r *Reader) read() []byte {
	text, folder, err := readBounded(r.File)
	r.Folder = folder
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		r.WrongAt(0, 0, nil, contract.Invalid("can't be read: %v", err).Advise("name a file that Curfew may read"))
	}
	if len(text) > maxFile {
		r.WrongAt(
			0,
			0,
			nil,
			contract.Invalid("is larger than %d KiB", maxFile>>10).Advise("keep only the configuration in it"),
		)
	}
	return text
}

func readBounded(name string) (text []byte, folder string, err error) {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return nil, "", fmt.Errorf("find the folder of the configuration: %w", err)
	}
	file, err := os.Open(absolute)
	if err != nil {
		return nil, "", fmt.Errorf("open the configuration: %w", err)
	}
	text, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, "", fmt.Errorf("read the configuration: %w", err)
	}
	return text, filepath.Dir(absolute), nil
}

func (r *Reader) parse(text []byte) {
	var document yaml.Node
	err := yaml.Load(text, &document, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	var syntax *yaml.LoadError
	switch {
	case err == nil && document.Kind == yaml.DocumentNode && len(document.Content) == 1:
		r.root = document.Content[0]
	case errors.As(err, &syntax) && syntax.Mark.Line > 0:
		r.syntax(syntax)
	case errors.As(err, &syntax):
		r.WrongAt(
			0,
			0,
			nil,
			contract.Invalid("can't be read as YAML: %s", syntax.Message).
				Advise("write one YAML document of keys and values"),
		)
	default:
		r.WrongAt(
			0,
			0,
			nil,
			contract.Invalid("can't be read as YAML").Advise("write one YAML document of keys and values"),
		)
	}
}

func (r *Reader) syntax(err *yaml.LoadError) {
	fault := err.Message
	switch {
	case err.Stage == composerStage:
		// The parser's own words repeat the name, which may be a secret that was not quoted.
		fault = "an alias (*name) leads nowhere"
	case err.ContextMsg != "" && err.ContextMark.Line > 0:
		fault += fmt.Sprintf(" (%s that starts at line %d)", err.ContextMsg, err.ContextMark.Line)
	}
	r.WrongAt(
		err.Mark.Line,
		err.Mark.Column,
		nil,
		contract.Invalid("%s", fault).Advise("mend the YAML there or just above"),
	)
}

// Wrong notes a mistake at a path, unless the value there is lost.
func (r *Reader) Wrong(at Path, problem *contract.Problem) {
	at = r.where(at)
	if r.Lost(at) {
		return
	}
	line, column := locate(r.root, at)
	r.WrongAt(line, column, at, problem)
}

// Lost is true when the value at a path, or one that it is a part of, was found unusable.
func (r *Reader) Lost(at Path) bool {
	for i := range len(at) + 1 {
		if r.broken[at[:i].id()] {
			return true
		}
	}
	return false
}

// Unusable notes that the value at a path can't be used at all.
func (r *Reader) Unusable(at Path, problem *contract.Problem) {
	r.Wrong(at, problem)
	r.MarkUnusable(at)
}

// MarkUnusable keeps what is wrong beside a value that can't be used from being told.
func (r *Reader) MarkUnusable(at Path) { r.broken[at.id()] = true }

// WrongAt notes a mistake at a place in the file; a path may be nil.
func (r *Reader) WrongAt(line, column int, at Path, problem *contract.Problem) {
	if len(r.Mistakes) == mostMistakes {
		return
	}
	mistake := Mistake{
		File: r.File, Line: line, Column: column, Field: at.String(), Fault: problem.Fault, Fix: problem.Fix,
	}
	if !slices.Contains(r.Mistakes, mistake) { // what several templates inherit is reported once
		r.Mistakes = append(r.Mistakes, mistake)
	}
}

// where is the place at which the file says what a path leads to.
func (r *Reader) where(at Path) Path {
	if r.Said == nil {
		return at
	}
	return r.Said(at)
}
