using Rqml.DoesItPay.Reporting;

namespace Rqml.DoesItPay;

/// <summary>One job, done under several regimes.</summary>
internal interface IStudy
{
    /// <summary>As on the command line, and in the names of files.</summary>
    string Job { get; }

    /// <summary>Runs all regimes on seeds 1 to <paramref name="seeds"/>, side by side; says where it is now and then.</summary>
    Task<StudyReport> RunAsync(int seeds, Action<string> say);
}
