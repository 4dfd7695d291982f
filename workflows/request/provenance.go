package request

import "curfew/workflows/contract"

// mostCertificates is how many of the newest asks for certificates are shown: enough for those that are still to be
// told.
const mostCertificates = 10

// provenance shows who said what the request has recorded, written and sent.
func (r *run) provenance() contract.Provenance {
	shown := r.said
	shown.Chain = r.chain
	shown.Chain.Request = r.in.Request
	if r.endRequest != nil && r.endRequest.Seal != "" {
		shown.Ends = []contract.Sealed[contract.End]{*r.endRequest}
	}
	return shown
}

// longestSeal is more than Curfew's seals have, and longestKey what the server takes of a public key, in bytes.
const (
	longestSeal = 4096
	longestKey  = 16 << 10
)

// rememberCertificate keeps an ask that anybody may have signaled, if it is no larger than a genuine one.
func (r *run) rememberCertificate(ask contract.Sealed[contract.CertificateAsk]) {
	if len(ask.Seal) > longestSeal || len(ask.Fact.PublicKey) > longestKey {
		return
	}
	r.said.Certificates = append(r.said.Certificates, ask)
	r.said.Certificates = r.said.Certificates[max(0, len(r.said.Certificates)-mostCertificates):]
}
