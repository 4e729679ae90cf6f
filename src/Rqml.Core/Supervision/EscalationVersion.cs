namespace Rqml.Supervision;

/// <summary>The version of an escalation policy: the last three digits of the version that is recorded, so that no two pairs of policy and ladder share one.</summary>
internal static class EscalationVersion
{
    public const string Range = "0 to 999";

    public static bool IsValid(int version) => version is >= 0 and <= 999;

    /// <exception cref="ArgumentOutOfRangeException">It is not in its range.</exception>
    public static int Checked(int version, string parameter) =>
        IsValid(version) ? version : throw new ArgumentOutOfRangeException(parameter, version, $"The version of an escalation policy is from {Range}.");
}
