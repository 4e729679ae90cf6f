namespace Rqml.DoesItPay.Reporting;

/// <summary>What was hoped for before the study, and what came.</summary>
public sealed record Promise(string Hope, string Found, bool IsKept);
