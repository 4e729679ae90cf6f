using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Rqml.Diagnostics;

namespace Rqml.Hosting;

/// <summary>
/// The options of a host as its configuration has them now. What comes anew is validated as at the start: where anything is out of range all of it is left, and the log
/// says why. Of the rest, that takes effect which a running node can change; the log names what waits for a restart.
/// </summary>
internal sealed partial class LiveOptions : IDisposable
{
    /// <summary>What a running node goes by as soon as it changes.</summary>
    public static readonly string[] Reloaded = [nameof(RqmlOptions.KeepResults), nameof(RqmlOptions.DrainTimeout), nameof(RqmlOptions.MaxOpenTasks)];

    private static readonly HostOption[] AtStart = [.. KnownOptions.All.Where(option => !Reloaded.Contains(option.Key))];

    private readonly RqmlOptions _started;
    private readonly IOptionsFactory<RqmlOptions> _factory;
    private readonly ILogger _logger;
    private readonly List<IDisposable> _watches = [];
    private RqmlOptions _now;

    public LiveOptions(IOptions<RqmlOptions> started, IOptionsFactory<RqmlOptions> factory, IEnumerable<IOptionsChangeTokenSource<RqmlOptions>> sources, ILoggerFactory loggers)
    {
        (_started, _factory, _logger) = (started.Value, factory, loggers.CreateLogger("Rqml"));
        _now = _started;
        foreach (var source in sources.Where(source => source.Name is null || source.Name == Options.DefaultName)) _watches.Add(ChangeToken.OnChange(source.GetChangeToken, Read));
    }

    /// <summary>Called with what has come anew, from the thread that saw it.</summary>
    public Action<RqmlOptions>? Changed { get; set; }

    public RqmlOptions Now => Volatile.Read(ref _now);

    public void Dispose()
    {
        foreach (var watch in _watches) watch.Dispose();
    }

    private void Read()
    {
        RqmlOptions anew;
        try
        {
            anew = _factory.Create(Options.DefaultName);
        }
        catch (Exception error) when (error is OptionsValidationException or InvalidOperationException)
        {
            // The second is what a host's own binding throws where it cannot read a value. What was valid goes on.
            Log.NotTaken(_logger, error is OptionsValidationException invalid ? string.Join(" ", invalid.Failures) : error.Message);
            return;
        }

        Volatile.Write(ref _now, anew);
        foreach (var option in AtStart)
        {
            if (!Equals(option.ValueOf(_started), option.ValueOf(anew))) Log.NeedsRestart(_logger, option.Key, option.ValueOf(anew));
        }

        Log.Taken(_logger, anew.KeepResults, anew.DrainTimeout, anew.MaxOpenTasks);
        Changed?.Invoke(anew);
    }

    private static partial class Log
    {
        [LoggerMessage(LogIds.OptionsNotTaken, LogLevel.Warning, "Changed options were not taken, those before go on: {Faults}")]
        public static partial void NotTaken(ILogger logger, string faults);

        [LoggerMessage(LogIds.OptionNeedsRestart, LogLevel.Warning, "Option {Option} has changed to '{Value}'; it takes effect with the next start")]
        public static partial void NeedsRestart(ILogger logger, string option, object? value);

        [LoggerMessage(LogIds.OptionsTaken, LogLevel.Information, "Options were read anew: results are kept {KeepResults}, a drain takes at most {DrainTimeout}, and the ledger {MaxOpenTasks} open tasks")]
        public static partial void Taken(ILogger logger, TimeSpan? keepResults, TimeSpan drainTimeout, int maxOpenTasks);
    }
}
