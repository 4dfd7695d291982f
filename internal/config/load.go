package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
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

// Load reads and checks a configuration file, with the kinds of systems that this program knows. The error is
// always Errors: everything that is wrong, not only the first. Aliases, anchors, tags and merge keys are refused.
func Load(file string, kinds Kinds) (*Config, error) { return load(file, kinds, nil) }

// LoadFor does so for a process that serves some of the targets. It needs the credentials of no other; where those of
// one that it serves are not there, the target gets a Fault, and the others can be served all the same.
func LoadFor(file string, kinds Kinds, serves func(target, taskQueue string) bool) (*Config, error) {
	return load(file, kinds, serves)
}

// LoadRules does so for those who look at the templates and their rules only: no secret is read.
func LoadRules(file string, kinds Kinds) (*Config, error) {
	r := newReading(file, kinds, Nothing)
	// The reference stands for the secret: it is not empty, and not the same for two.
	r.secrets = func(reference string, _ path) Secret { return SecretOf(reference) }
	return r.result()
}

// Nothing is for processes that call no target.
func Nothing(_, _ string) bool { return false }

func load(file string, kinds Kinds, serves func(target, taskQueue string) bool) (*Config, error) {
	return newReading(file, kinds, serves).result()
}

// reading is one pass over one file. Mistakes are collected, and what they spoil is remembered, so that one mistake is
// reported once.
type reading struct {
	file   string // as the caller named it
	folder string // where its relative paths start
	kinds  Kinds
	serves func(target, taskQueue string) bool // nil for all, none of whose credentials may be missing
	// directories is true when this process asks them who belongs to a group.
	directories bool
	secrets     func(reference string, at path) Secret
	root        *yaml.Node
	lines       []string        // of the file, to find a place within a value
	later       []func(*Config) // what can be decoded when all else is
	mistakes    Errors
	broken      map[string]bool // paths whose value could not be used
	spelled     map[string]written
}

// written is where an entitlement stands that gives the same as others, and how it is written.
type written struct {
	at   path
	spec string
}

func newReading(file string, kinds Kinds, serves func(target, taskQueue string) bool) *reading {
	return &reading{
		file:        file,
		kinds:       kinds,
		serves:      serves,
		directories: serves == nil,
		root:        &yaml.Node{},
		broken:      map[string]bool{},
		spelled:     map[string]written{},
	}
}

func (r *reading) result() (*Config, error) {
	config := r.load()
	if len(r.mistakes) > 0 {
		return nil, r.mistakes.sorted()
	}
	return config, nil
}

// load goes from what would make the next step senseless to what would not: the text, the language, the meaning.
func (r *reading) load() *Config {
	text := r.read()
	if len(r.mistakes) > 0 {
		return nil
	}
	r.lines = strings.Split(string(text), "\n")
	r.parse(text)
	if len(r.mistakes) > 0 {
		return nil
	}
	r.dialect(r.root)
	if len(r.mistakes) > 0 {
		return nil
	}
	config := &Config{}
	r.decode(r.root, reflect.ValueOf(config).Elem(), nil)
	for _, decode := range r.later {
		decode(config)
	}
	r.check(config)
	config.dismiss()
	return config
}

func (r *reading) read() []byte {
	text, folder, err := readBounded(r.file)
	r.folder = folder
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		r.wrongAt(0, 0, nil, contract.Invalid("can't be read: %v", err).Advise("name a file that Curfew may read"))
	}
	if len(text) > maxFile {
		r.wrongAt(
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

func (r *reading) parse(text []byte) {
	var document yaml.Node
	err := yaml.Load(text, &document, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	var syntax *yaml.LoadError
	switch {
	case err == nil && document.Kind == yaml.DocumentNode && len(document.Content) == 1:
		r.root = document.Content[0]
	case errors.As(err, &syntax) && syntax.Mark.Line > 0:
		r.syntax(syntax)
	case errors.As(err, &syntax):
		r.wrongAt(
			0,
			0,
			nil,
			contract.Invalid("can't be read as YAML: %s", syntax.Message).
				Advise("write one YAML document of keys and values"),
		)
	default:
		r.wrongAt(
			0,
			0,
			nil,
			contract.Invalid("can't be read as YAML").Advise("write one YAML document of keys and values"),
		)
	}
}

func (r *reading) syntax(err *yaml.LoadError) {
	fault := err.Message
	switch {
	case err.Stage == composerStage:
		// The parser's own words repeat the name, which may be a secret that was not quoted.
		fault = "an alias (*name) leads nowhere"
	case err.ContextMsg != "" && err.ContextMark.Line > 0:
		fault += fmt.Sprintf(" (%s that starts at line %d)", err.ContextMsg, err.ContextMark.Line)
	}
	r.wrongAt(
		err.Mark.Line,
		err.Mark.Column,
		nil,
		contract.Invalid("%s", fault).Advise("mend the YAML there or just above"),
	)
}

// wrong notes a mistake at a path, unless the value there is lost.
func (r *reading) wrong(at path, problem *contract.Problem) {
	at = r.said(at)
	if r.lost(at) {
		return
	}
	line, column := locate(r.root, at)
	r.wrongAt(line, column, at, problem)
}

// lost is true when the value at a path, or one that it is a part of, was found unusable.
func (r *reading) lost(at path) bool {
	for i := range len(at) + 1 {
		if r.broken[at[:i].id()] {
			return true
		}
	}
	return false
}

// unusable notes that the value at a path can't be used at all.
func (r *reading) unusable(at path, problem *contract.Problem) {
	r.wrong(at, problem)
	r.broken[at.id()] = true
}

func (r *reading) wrongAt(line, column int, at path, problem *contract.Problem) {
	if len(r.mistakes) == mostMistakes {
		return
	}
	mistake := Mistake{
		File: r.file, Line: line, Column: column, Field: at.String(), Fault: problem.Fault, Fix: problem.Fix,
	}
	if !slices.Contains(r.mistakes, mistake) { // what several templates inherit is reported once
		r.mistakes = append(r.mistakes, mistake)
	}
}
