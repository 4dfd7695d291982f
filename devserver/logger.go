package devserver

import (
	"fmt"

	"go.temporal.io/server/common/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logger writes lines that people read, on stderr. Temporal's own adds a stack trace to every error, a screenful for
// each call that a client gave up on.
type logger struct {
	log.Logger
	now    zap.AtomicLevel
	wanted zapcore.Level
}

// newLogger is hushed, as the cluster is about to start.
func newLogger(level string) (*logger, error) {
	wanted, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	encoding := zap.NewDevelopmentEncoderConfig()
	encoding.CallerKey = zapcore.OmitKey // the server names its caller in a field
	now := zap.NewAtomicLevel()
	built, err := zap.Config{
		Level:             now,
		Encoding:          "console",
		EncoderConfig:     encoding,
		DisableStacktrace: true,
		OutputPaths:       []string{"stderr"},
		ErrorOutputPaths:  []string{"stderr"},
	}.Build()
	if err != nil {
		return nil, fmt.Errorf("set up the log: %w", err)
	}
	l := &logger{Logger: log.NewZapLogger(built), now: now, wanted: wanted}
	l.hush()
	return l, nil
}

// hush spares the user the complaints of parts that miss each other while the cluster comes up or goes down. What goes
// wrong then, Start and Stop return; a log level below warn shows all of it.
func (l *logger) hush() {
	if l.wanted >= zapcore.WarnLevel {
		l.now.SetLevel(zapcore.DPanicLevel)
		return
	}
	l.speak()
}

// speak lets through what the user asked for.
func (l *logger) speak() { l.now.SetLevel(l.wanted) }
