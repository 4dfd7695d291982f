package web

import (
	"context"
	"net/url"

	"curfew/starter"
	"curfew/starter/answer"
	"curfew/workflows/contract"
)

// review approves or denies, or reviews break-glass access.
func (v visit) review() error {
	verdict := contract.Verdict(typed(v.r, "verdict"))
	return v.act("review-"+string(verdict), func(ctx context.Context, id string) error {
		duration, err := length(typed(v.r, "duration"))
		if err != nil {
			return err
		}
		digest := typed(v.r, "digest")
		if digest == "" {
			return contract.Invalid("the form does not say what you were shown").
				At("digest").
				Advise("review it on this page")
		}
		_, err = v.starter.Review(ctx, v.person, id, starter.ReviewInput{
			Verdict: verdict, Reason: typed(v.r, "reason"), Duration: duration, Digest: digest,
		})
		return err
	})
}

// extend asks for a later end.
func (v visit) extend() error {
	return v.act("extend", func(ctx context.Context, id string) error {
		text := typed(v.r, "other")
		if text == "" {
			text = typed(v.r, "duration")
		}
		duration, err := length(text)
		if err == nil {
			_, err = v.starter.Extend(ctx, v.person, id, duration, typed(v.r, "reason"))
		}
		return err
	})
}

// end ends access early.
func (v visit) end() error {
	return v.act("end", func(ctx context.Context, id string) error {
		_, err := v.starter.Revoke(ctx, v.person, id, typed(v.r, "reason"))
		return err
	})
}

// cancel takes a request back.
func (v visit) cancel() error {
	return v.act("cancel", func(ctx context.Context, id string) error {
		_, err := v.starter.Cancel(ctx, v.person, id, typed(v.r, "reason"))
		return err
	})
}

// afterForm is where somebody comes who loads the answer to a form again, or has to sign in first.
func (v visit) afterForm() error {
	return v.goTo("/requests/" + url.PathEscape(v.r.PathValue("id")))
}

// act does something with the request of the page, and leads back to it; or shows the form again with what is wrong.
func (v visit) act(verb string, do func(ctx context.Context, id string) error) error {
	id := v.r.PathValue("id")
	err := do(v.r.Context(), id)
	if err == nil {
		return v.goTo("/requests/" + url.PathEscape(id))
	}
	problem, code := answer.Problem(err)
	v.frame.Log(v.r, code, err)
	form := sentForm{Verb: verb, Problem: problem, Values: map[string]string{}}
	for _, field := range []string{"duration", "other", "reason"} {
		form.Values[field] = typed(v.r, field)
	}
	return v.showRequest(code, form)
}
