package compose

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Log writes one JSON object a line.
func Log(to io.Writer) *zap.Logger {
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoding.EncodeDuration = zapcore.StringDurationEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(zapcore.AddSync(to)), zap.InfoLevel))
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
