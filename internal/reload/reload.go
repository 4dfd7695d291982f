// Package reload keeps the configuration of a process current while its file changes: it reads the file again, and takes
// over what a running process can follow.
package reload

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"curfew/internal/config"
)

// Live is the configuration of a process that goes on while its file changes. Whoever does something takes Current
// once, and goes by it to the end; nobody changes what it returns.
type Live struct {
	source  config.Source
	opened  stamp // of the file, before it was read first
	current atomic.Pointer[config.Config]
	reading sync.Mutex // held while the file is read again
}

// Open reads a configuration that may change. The error is config.Errors.
func Open(source config.Source) (*Live, error) {
	l := &Live{source: source}
	l.opened = l.stamp()
	read, err := source.Load()
	if err != nil {
		return nil, err
	}
	l.current.Store(read)
	return l, nil
}

// Fixed is a configuration that no file changes.
func Fixed(c *config.Config) *Live {
	l := &Live{}
	l.current.Store(c)
	return l
}

// Current is the configuration of this moment.
func (l *Live) Current() *config.Config { return l.current.Load() }

// Reload reads the file again, and returns the sections that have changed. A file with mistakes, or with changes that a
// running process can't follow, is refused as a whole: the error is config.Errors, and the configuration stays what it was.
func (l *Live) Reload() (changed []string, err error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	next, err := l.source.Load()
	if err != nil {
		return nil, err
	}
	changed, fixed := compare(l.Current(), next)
	if len(fixed) > 0 {
		return nil, restart(l.source.File, fixed)
	}
	l.current.Store(next)
	return changed, nil
}

// restart says which sections keep a file from being taken over.
func restart(file string, sections []string) config.Errors {
	var mistakes config.Errors
	for _, section := range sections {
		mistakes = append(mistakes, config.Mistake{
			File: file, Field: section, Fault: "is not what this process was started with",
			Fix: "restart it; until then nothing of the file is taken over",
		})
	}
	return mistakes
}

// pollInterval is how often the file is looked at. What has changed is read when it has not changed for one look more,
// so that a file which is still being written is not taken for the whole.
const pollInterval = time.Second

// Follow reads the file again whenever it has changed, and when asked to, until the context ends. What comes of it is
// logged.
func (l *Live) Follow(ctx context.Context, told <-chan os.Signal, log *zap.Logger) {
	if l.source.File == "" {
		return
	}
	look := time.NewTicker(pollInterval)
	defer look.Stop()
	read := l.opened
	for last := read; ; {
		select {
		case <-ctx.Done():
			return
		case <-told:
			read = l.stamp()
			l.reload(log)
		case <-look.C:
			now := l.stamp()
			if !now.same(read) && now.same(last) {
				read = now
				l.reload(log)
			}
			last = now
		}
	}
}

func (l *Live) reload(log *zap.Logger) {
	changed, err := l.Reload()
	var mistakes config.Errors
	switch {
	case errors.As(err, &mistakes):
		lines := make([]string, len(mistakes))
		for i, mistake := range mistakes {
			lines[i] = mistake.String()
		}
		log.Error("the configuration is not taken over; the one before stays", zap.Strings("mistakes", lines))
	case err != nil:
		log.Error("the configuration is not taken over; the one before stays", zap.Error(err))
	default:
		log.Info("the configuration is taken over", zap.Strings("changed", changed))
	}
}

// stamp identifies a version of a file; nil while the file can't be read.
type stamp struct{ os.FileInfo }

func (l *Live) stamp() stamp {
	info, err := os.Stat(l.source.File)
	if err != nil {
		return stamp{}
	}
	return stamp{info}
}

func (s stamp) same(other stamp) bool {
	if s.FileInfo == nil || other.FileInfo == nil {
		return s.FileInfo == other.FileInfo
	}
	return os.SameFile(s.FileInfo, other.FileInfo) && s.Size() == other.Size() && s.ModTime().Equal(other.ModTime())
}
