namespace Rqml.Testing.Exploration;

/// <summary>What a test wants kept beside its verdict: one file a subject, in the folder that <c>RQML_REPORTS</c> names; nowhere without it.</summary>
internal static class Reports
{
    private static readonly Lock Gate = new();

    public static void Write(string subject, string text)
    {
        if (Environment.GetEnvironmentVariable("RQML_REPORTS") is not { Length: > 0 } folder) return;
        Directory.CreateDirectory(folder);
        lock (Gate) File.AppendAllText(Path.Combine(folder, $"{subject}.txt"), text + Environment.NewLine);
    }
}
