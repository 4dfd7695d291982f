package api

import (
	"context"
	"net/http"

	"curfew/starter"
	"curfew/workflows/contract"
)

// ReviewBody is a reviewer's say.
type ReviewBody struct {
	Verdict contract.Verdict `json:"verdict" enum:"approve,deny" doc:"What you say"`
	Reason  string           `json:"reason,omitempty" doc:"Why; needed to deny"`
	// A reviewer can shorten access, and never lengthen it.
	Duration string `json:"duration,omitempty" doc:"The longest that you approve, when that is less than was asked" example:"30m"`
	Digest   string `json:"digest,omitempty" maxLength:"64" doc:"The digest of what you had before you: the review is refused when that is not what there is now"`
}

// ExtensionBody asks for a later end.
type ExtensionBody struct {
	Duration string `json:"duration" doc:"How much longer" example:"30m"`
	Reason   string `json:"reason" doc:"Why"`
}

// RevocationBody ends access early.
type RevocationBody struct {
	Reason string `json:"reason" doc:"Why"`
}

// CancellationBody takes a request back.
type CancellationBody struct {
	Reason string `json:"reason,omitempty" doc:"Why, if it matters"`
}

// CertificateBody asks for a certificate.
type CertificateBody struct {
	Target    string `json:"target,omitempty" maxLength:"256" doc:"Where; may be left out when the request is about one target"`
	PublicKey string `json:"publicKey" maxLength:"16384" doc:"The one line of an OpenSSH .pub file"`
}

type certificateInput struct {
	PathID
	Body CertificateBody
}

type certificateOutput struct{ Body contract.Certificate }

type reviewInput struct {
	PathID
	Body ReviewBody
}

type extensionInput struct {
	PathID
	Body ExtensionBody
}

type revocationInput struct {
	PathID
	Body RevocationBody
}

type cancellationInput struct {
	PathID
	Body CancellationBody
}

func (s *server) changes() {
	register(s, operation(http.MethodPost, "/v1/requests/{id}/reviews", "review",
		"Approve or deny a request, or the extension that it waits for"), s.review)
	register(s, operation(http.MethodPost, "/v1/requests/{id}/extensions", "extend", "Ask for a later end"), s.extend)
	register(s, operation(http.MethodPost, "/v1/requests/{id}/certificates", "certify",
		"Have a certificate made to use active access with; only its subject may"), s.certify)
	register(s, operation(http.MethodPost, "/v1/requests/{id}/revocation", "revoke", "End access early"), s.revoke)
	register(s, operation(http.MethodPost, "/v1/requests/{id}/cancellation", "cancel",
		"Take a request back before it is decided"), s.cancel)
}

func (s *server) review(ctx context.Context, by *call, in *reviewInput) (*statusOutput, error) {
	duration, err := contract.AskedDuration(in.Body.Duration)
	if err != nil {
		return nil, err
	}
	return statusOr(by.starter.Review(ctx, by.Person, in.ID, starter.ReviewInput{
		Verdict: in.Body.Verdict, Reason: in.Body.Reason, Duration: duration, Digest: in.Body.Digest,
	}))
}

func (s *server) extend(ctx context.Context, by *call, in *extensionInput) (*statusOutput, error) {
	duration, err := contract.AskedDuration(in.Body.Duration)
	if err != nil {
		return nil, err
	}
	return statusOr(by.starter.Extend(ctx, by.Person, in.ID, duration, in.Body.Reason))
}

func (s *server) revoke(ctx context.Context, by *call, in *revocationInput) (*statusOutput, error) {
	return statusOr(by.starter.Revoke(ctx, by.Person, in.ID, in.Body.Reason))
}

func (s *server) cancel(ctx context.Context, by *call, in *cancellationInput) (*statusOutput, error) {
	return statusOr(by.starter.Cancel(ctx, by.Person, in.ID, in.Body.Reason))
}

func (s *server) certify(ctx context.Context, by *call, in *certificateInput) (*certificateOutput, error) {
	certificate, err := by.starter.Certify(ctx, by.Person, in.ID, in.Body.Target, in.Body.PublicKey)
	if err != nil {
		return nil, err
	}
	return &certificateOutput{certificate}, nil
}
