package seal

import (
	"slices"

	"curfew/workflows/contract"
)

// Proven is what of a provenance bears the seals that it must: what people have said for certain.
type Proven struct {
	Request contract.Request
	Digest  string // of the request
	// Decided is true when a decision to grant is there, on grounds that are sealed; Scheduled is true of one that
	// grants when the start has come.
	Decided      bool
	Scheduled    bool
	Reviews      []contract.Review
	Extensions   []contract.Extension
	Ends         []contract.End
	TakeOvers    []contract.TakeOver
	Certificates []contract.CertificateAsk
}

// Proven checks a provenance. It refuses one whose request is not sealed; of all else it leaves out what is not, or
// what belongs to another request.
func (v *Verifier) Proven(p contract.Provenance) (Proven, error) {
	request := p.Chain.Request.Fact
	claims, err := v.Verify(OfRequest(request), request, p.Chain.Request.Seal)
	if err != nil {
		return Proven{}, err
	}
	proven := v.Words(p, request.ID)
	proven.Request, proven.Digest = request, claims.Digest
	proven.Decided = p.Chain.Decision.Seal != "" && v.Decided(p.Chain) == nil
	proven.Scheduled = p.Chain.Decision.Seal != "" && v.Scheduled(p.Chain) == nil
	return proven, nil
}

// Words are what people have said for certain about a request, whether or not that is sealed itself.
func (v *Verifier) Words(p contract.Provenance, request string) Proven {
	return Proven{
		Reviews: sealedFacts(slices.Concat(p.Chain.Reviews, p.Reviews), func(s contract.Sealed[contract.Review]) bool {
			claims, err := v.read(contract.SealReview, s.Seal)
			return err == nil && s.Fact.Request == request &&
				claims.cover(OfReview(s.Fact, claims.Shown), s.Fact) == nil
		}),
		Extensions: sealedFacts(
			slices.Concat(p.Chain.Extensions, p.Extensions),
			func(s contract.Sealed[contract.Extension]) bool {
				claims, err := v.read(contract.SealExtension, s.Seal)
				return err == nil && s.Fact.Request == request &&
					claims.cover(OfExtension(s.Fact, claims.Shown), s.Fact) == nil
			},
		),
		Ends: sealedFacts(p.Ends, func(s contract.Sealed[contract.End]) bool {
			_, err := v.Verify(OfEnd(s.Fact), s.Fact, s.Seal)
			return err == nil && s.Fact.Request == request
		}),
		TakeOvers: sealedFacts(p.TakeOvers, func(s contract.Sealed[contract.TakeOver]) bool {
			_, err := v.Verify(OfTakeOver(s.Fact), s.Fact, s.Seal)
			return err == nil
		}),
		Certificates: sealedFacts(p.Certificates, func(s contract.Sealed[contract.CertificateAsk]) bool {
			_, err := v.Verify(OfCertificate(s.Fact), s.Fact, s.Seal)
			return err == nil && s.Fact.Request == request
		}),
	}
}

// sealedFacts are those facts that hold.
func sealedFacts[T any](all []contract.Sealed[T], holds func(contract.Sealed[T]) bool) (facts []T) {
	for _, s := range all {
		if holds(s) {
			facts = append(facts, s.Fact)
		}
	}
	return facts
}
