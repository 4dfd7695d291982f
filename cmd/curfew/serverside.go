package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"curfew/activities/ledger/sqlite"
	"curfew/activities/target/kinds"
	"curfew/activities/ticket"
	"curfew/activities/ticket/jira"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// serverSide is what the server and the worker both stand on.
type serverSide struct {
	config   *config.Config
	log      *zap.Logger
	temporal client.Client
	ledger   *sqlite.Store
	tickets  ticket.System // nil when no tracker is configured
}

// serverSide opens everything that the configuration names.
func (p *program) serverSide(ctx context.Context, file string) (*serverSide, error) {
	configured, err := config.Load(file, kinds.ForConfig())
	if err != nil {
		return nil, err
	}
	s := &serverSide{config: configured, log: p.logger()}
	if jiraSettings := configured.Tickets.Jira; jiraSettings != nil {
		if s.tickets, err = jira.New(*jiraSettings); err != nil {
			return nil, err
		}
	}
	if s.ledger, err = sqlite.Open(ctx, configured.Ledger.SQLite); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	if s.temporal, err = dial(ctx, configured.Temporal, s.log); err != nil {
		return nil, errors.Join(err, s.ledger.Close())
	}
	return s, nil
}

func (s *serverSide) close() error {
	s.temporal.Close()
	_ = s.log.Sync() // stderr can't always be synced
	return s.ledger.Close()
}

// dial connects to Temporal as its environment and profile say; what curfew.yaml says comes first.
func dial(ctx context.Context, settings config.Temporal, log *zap.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, usageError("temporal", "mend Temporal's profile or its TEMPORAL_* variables", "%v", err)
	}
	options.HostPort = cmp.Or(settings.Address, options.HostPort, client.DefaultHostPort)
	options.Namespace = cmp.Or(settings.Namespace, options.Namespace, contract.Namespace)
	options.Logger = temporalLog{log.Sugar()}
	temporal, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, contract.Problemf(contract.KindUnavailable, "temporal.address", "check that it runs and is reachable from here",
			"Temporal can't be reached at %s: %v", options.HostPort, err)
	}
	return temporal, nil
}

// logger writes one JSON object a line.
func (p *program) logger() *zap.Logger {
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoding.EncodeDuration = zapcore.StringDurationEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(zapcore.AddSync(p.stderr)), zap.InfoLevel))
}

// temporalLog lets Temporal's client and worker write into our log.
type temporalLog struct{ log *zap.SugaredLogger }

// Debug is for those who look for a fault in the SDK.
func (l temporalLog) Debug(message string, pairs ...any) { l.log.Debugw(message, pairs...) }

// Info is what the SDK does.
func (l temporalLog) Info(message string, pairs ...any) { l.log.Infow(message, pairs...) }

// Warn is what the SDK can live with.
func (l temporalLog) Warn(message string, pairs ...any) { l.log.Warnw(message, pairs...) }

// Error is what the SDK failed at.
func (l temporalLog) Error(message string, pairs ...any) { l.log.Errorw(message, pairs...) }
