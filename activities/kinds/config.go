package kinds

import (
	"curfew/activities/incident"
	"curfew/activities/notify"
	"curfew/activities/target"
	"curfew/activities/ticket"
	"curfew/internal/config"
)

// ForConfig returns what the configuration must know of each kind.
func ForConfig() config.Kinds {
	return config.Kinds{
		Targets:    each(Targets(), ofTarget),
		Trackers:   each(Trackers(), ofTracker),
		References: each(References(), ofReferences),
		Incidents:  each(Incidents(), ofIncident),
		Channels:   each(Channels(), ofChannel),
	}
}

func each[Kind, Known any](kinds map[string]Kind, know func(Kind) Known) map[string]Known {
	known := make(map[string]Known, len(kinds))
	for name, kind := range kinds {
		known[name] = know(kind)
	}
	return known
}

func ofTarget(kind target.Kind) config.Kind {
	return config.Kind{
		Settings:     func() any { return kind.Settings() },
		Entitlement:  kind.Entitlement,
		Normalize:    kind.Normalize,
		Names:        kind.Names,
		MaxDuration:  kind.Limits.MaxDuration,
		KnowsHolders: kind.KnowsHolders,
	}
}

func ofTracker(kind ticket.Kind) config.SystemKind {
	known := config.SystemKind{
		Title: kind.Title, Accounts: kind.Name, CheckAccount: kind.CheckAccount, CheckProject: kind.CheckProject,
		Settings: func() any { return kind.Settings() },
	}
	if kind.Webhooks != nil {
		known.Webhooks = &config.Webhooks{Of: config.OfTickets}
	}
	return known
}

func ofReferences(kind ticket.ReferencesKind) config.SystemKind {
	return config.SystemKind{
		Title: kind.Title, Beside: kind.Tracker, Settings: func() any { return kind.Settings() },
	}
}

func ofIncident(kind incident.Kind) config.SystemKind {
	known := config.SystemKind{
		Title: kind.Title, Accounts: kind.Name, CheckAccount: kind.CheckAccount,
		Settings: func() any { return kind.Settings() },
	}
	if kind.Webhooks != nil {
		known.Webhooks = &config.Webhooks{Of: config.OfIncidents, Events: kind.Webhooks.IncidentEvents}
	}
	return known
}

func ofChannel(kind notify.Kind) config.SystemKind {
	known := config.SystemKind{
		Title: kind.Title, Accounts: kind.Accounts, CheckAccount: kind.CheckAccount,
		Settings: func() any { return kind.Settings() },
	}
	if kind.Webhooks != nil {
		known.Webhooks = &config.Webhooks{Of: config.OfMessages}
	}
	return known
}
