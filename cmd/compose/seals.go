package compose

import (
	"time"

	"go.uber.org/zap"

	"curfew/internal/config"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// verifier knows the seals of the configured keys; nil when nothing is sealed, which the log says.
func (app *App) verifier() (*seal.Verifier, error) {
	if app.config.Current().Seals.Keys == "" {
		app.log.Warn(
			"nothing is sealed: whoever can write to the Temporal namespace can ask and approve in anybody's name",
			zap.String("fix", "make keys with `curfew keys new` and name them in seals"),
		)
		return nil, nil
	}
	keys, err := seal.ReadKeys(app.config.Current().Seals.Keys)
	if err != nil {
		return nil, err
	}
	return seal.NewVerifier(keys, time.Now)
}

// server is the signer of what people say.
func server(settings config.Seals, verifier *seal.Verifier) (*seal.Signer, error) {
	trial := contract.CertificateAsk{Request: "trial", Person: "trial"}
	return signer(settings.Key, "seals.key", seal.RoleServer, verifier, seal.OfCertificate(trial), trial)
}

// decider is the signer of decisions.
func decider(settings config.Seals, verifier *seal.Verifier) (*seal.Signer, error) {
	trial := contract.DecisionFact{Request: "trial"}
	return signer(settings.Decider, "seals.decider", seal.RoleDecider, verifier, seal.OfDecision(trial), trial)
}

// signer reads a private key, and tries that its seals are good. There is none where nothing is sealed.
func signer(
	file, field string,
	role seal.Role,
	verifier *seal.Verifier,
	matter seal.Matter,
	trial any,
) (*seal.Signer, error) {
	if verifier == nil {
		return nil, nil
	}
	fix := "name the file that `curfew keys new --role " + string(role) + "` wrote"
	if file == "" {
		return nil, contract.Invalid("is missing: this process has to seal").At(field).Advise(fix)
	}
	text, err := readKey(field, fix, file)
	if err != nil {
		return nil, err
	}
	s, err := seal.ParseSigner(text)
	if err != nil {
		return nil, err
	}
	sealed, err := s.Seal(matter, time.Now(), trial)
	if err == nil {
		_, err = verifier.Verify(matter, trial, sealed)
	}
	if err != nil {
		return nil, contract.Invalid("nobody would believe what this process seals: %v", err).
			At("seals.keys").
			Advise("add the public half of the key in " + field + " with the role " + string(role))
	}
	return s, nil
}
